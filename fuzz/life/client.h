// One client of a script on one end of a socket pair. It checks everything that it receives.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/file.h"
#include "life/room_truth.h"
#include "net/http_reader.h"

namespace globes::fuzz {

class Client {
public:
    Client(FileDescriptor socket, RoomTruth& truth) : socket_(std::move(socket)), truth_(truth), reader_(limits_) {}

    /// Gives bytes to the socket at the next `deliver`.
    void write(std::string_view bytes) { outgoing_.append(bytes); }
    /// Remembers what the client has asked for in WebSocket events.
    void note_event(std::string_view json) { events_.append(json).append("\n"); }
    /// Sends the written bytes, at most `most`.
    void deliver(std::size_t most);
    /// Receives and checks all that has arrived.
    void receive();

    void half_close() {
        ::shutdown(socket_.get(), SHUT_WR);
        can_send_ = false;
    }
    void hang_up() { socket_ = FileDescriptor(); }
    /// The server's process ends: requests may stay without a response.
    void lose_server() { is_lost_ = true; }

    bool is_open() const { return socket_.get() >= 0 && !saw_end_; }
    bool is_upgraded() const { return is_upgraded_; }
    const std::string& session() const { return session_; }
    bool is_deaf = false;  ///< Does not receive.

    /// To be called when nothing is under way any more.
    void check_responses() const;

private:
    void read_responses();
    void read_frames();
    void read_event(std::string_view json);
    void read_welcome(const boost::json::object& event);
    void read_send(const boost::json::object& event, std::string_view json);
    /// Whether an event of this client may have this id. One with an escape may have any.
    bool may_have_sent(const std::string& id) const {
        return !id.empty() && (events_.contains(id) || events_.contains('\\'));
    }
    void read_presence(const boost::json::object& event, bool enters);

    FileDescriptor socket_;
    RoomTruth& truth_;
    std::string outgoing_;
    std::string incoming_;
    bool can_send_ = true;
    bool saw_end_ = false;
    bool is_lost_ = false;

    // HTTP
    const net::HttpLimits limits_;
    net::HttpReader reader_;   // of the bytes that were sent
    bool is_refused_ = false;  // by `reader_`
    struct Asked {
        bool is_head = false;
        std::string target;
    };
    std::deque<Asked> asked_;   // complete requests without a response
    bool has_closing_ = false;  // a response ends the connection
    bool is_upgraded_ = false;

    // WebSocket
    bool saw_close_ = false;
    bool is_v1_ = false;  // has received a welcome
    std::string session_;
    chat::RoomId room_ = 0;
    std::optional<std::uint64_t> expected_;      // the next seq
    std::uint64_t live_from_ = 1;                // sends before it are history
    std::string events_;                         // as they were written
    std::map<std::string, bool> is_present_;     // by folded name, as far as it is known
    std::map<std::string, std::size_t> leaves_;  // by folded name
};

}  // namespace globes::fuzz
