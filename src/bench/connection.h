// One WebSocket of a worker: its socket, the handshake, and buffers for incomplete frames and unsent bytes. Idle
// connections have no buffers. Owned by the worker, its thread only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bench/socket.h"
#include "bench/traffic.h"

namespace globes::bench {

class Connection {
public:
    enum class State : std::uint8_t { closed, handshake, open, closing };
    enum class Handshake : std::uint8_t { incomplete, accepted, refused };

    Connection(Role role, std::uint32_t room) {
        participant.role = role;
        participant.room = room;
    }

    /// Connects and sends the upgrade request; false with errno set if that failed at once.
    bool start(const sockaddr_in& server, const sockaddr_in* source, std::string_view request, bool with_tls);

    /// Queues bytes; `flush` sends them.
    std::string& out() { return out_; }
    bool has_output() const { return !out_.empty(); }
    /// Sends as much as the socket accepts; false if the connection is broken.
    bool flush();

    /// The rest of earlier reads followed by `bytes`; views either of them until `keep`.
    std::string_view join_kept(std::string_view bytes);
    /// Keeps the part of `join_kept`'s view that was not consumed.
    void keep(std::string_view rest);

    /// Looks for the end of the server's answer, and removes the answer from `bytes` if it is complete. `answer` gets
    /// its first line.
    Handshake read_handshake(std::string_view& bytes, std::string& answer);

    void close();

    int fd() const { return socket_.fd(); }
    /// As recv(2).
    ssize_t receive(std::span<char> buffer) const { return socket_.receive(buffer); }

    Participant participant;
    State state = State::closed;
    bool waits_for_output = false;  ///< The poller watches for writability.
    std::uint32_t generation = 0;   ///< Distinguishes this use of the object from earlier ones.

private:
    Socket socket_;
    std::string kept_;
    std::string out_;
};

/// The upgrade request for a path.
std::string upgrade_request(std::string_view host, std::uint16_t port, std::string_view path);

}  // namespace globes::bench
