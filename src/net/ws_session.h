// One upgraded connection: RFC 6455 on a socket, a cursor in a topic, and the few frames that go to this connection
// alone. Owned by the hub of its I/O thread, which also makes all calls. An idle one holds no buffer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/ring.h"
#include "net/linger.h"
#include "net/timer_wheel.h"
#include "net/ws_close.h"
#include "net/ws_decoder.h"
#include "net/ws_handler.h"
#include "roomlog/frame.h"
#include "roomlog/slice.h"

namespace globes::net {

class Topic;
class WsHub;

/// Names a session for other threads; never used again for another one.
using SessionId = std::uint64_t;

struct WsSettings {
    WsLimits limits;
    Tick ping_after = ticks(std::chrono::seconds{25});     ///< Silence before a ping is sent.
    Tick pong_within = ticks(std::chrono::seconds{10});    ///< Silence after a ping before the peer counts as gone.
    Tick stalled_after = ticks(std::chrono::seconds{10});  ///< Taking nothing for that long is too slow.
    Tick linger = ticks(std::chrono::seconds{5});          ///< From our close frame to the end of the connection.
    std::size_t backlog_bytes = std::size_t{1} << 20;      ///< Behind a feed's end by more is too slow.
    std::size_t direct_queue_bytes = std::size_t{256}
                                     << 10;  ///< Unsent frames of a connection's own; more is too slow.
    LingerPolicy rest = {};                  ///< Between the sweeps of a large topic.
};

class WsSession final : private WsEvents, private TimerWheel::Timer {
public:
    WsSession(WsHub& hub, SessionId id, int fd, std::unique_ptr<WsHandler> handler);
    ~WsSession();

    SessionId id() const { return id_; }
    bool is_open() const { return state_ == State::open; }

    /// Sends one frame to this connection alone, as soon as a frame boundary allows it.
    void send_direct(roomlog::Opcode opcode, std::string_view payload);
    /// The same with complete frames.
    void send_direct_frames(std::string_view frames);
    /// Sends complete frames to this connection alone. They don't count as own frames: who sends them bounds them, and
    /// waits with `when_sent` before it sends more.
    void send_frames(roomlog::Slice frames);
    /// Calls `then` once, as soon as nothing of the above is left to send; never where the session ends before.
    void when_sent(std::move_only_function<void()> then);
    /// Begins the close handshake (kCloseNoStatus: with an empty close frame); `on_closed` is called at once, and the
    /// feed is left. Later calls do nothing.
    void close(CloseCode code, std::string_view reason = {});

private:
    friend class Topic;
    friend class WsHub;
    enum class State : std::uint8_t { open, closing, dropped };

    // For the hub.
    void start(std::string_view first_bytes, std::span<char> unread);
    void subscribe(Topic& topic, roomlog::Position from);
    void on_readable(std::span<char> buffer);
    void on_writable();

    // For the topic.
    void moved_to(std::size_t index) { topic_index_ = static_cast<std::uint32_t>(index); }
    void wait_for_room(roomlog::Position before, std::size_t taken);
    void close_slow_consumer();
    void abort();

    // WsEvents
    bool on_text(std::string_view message) override;
    bool on_ping(std::string_view payload) override;
    bool on_pong(std::string_view payload) override;
    void on_close(CloseCode code, std::string_view reason) override;

    void on_timer(Tick now) override;
    void arm();

    void decode(std::span<char> bytes);
    void begin_closing();
    void leave_topic();
    void send_or_keep(std::string_view frames, bool is_limited);
    void add_direct(roomlog::Slice slice, bool is_limited);
    void flush();
    bool flush_direct();
    void block();
    void set_want_write(bool want);

    // Constant after construction.
    WsHub& hub_;
    const SessionId id_;
    const int fd_;
    const std::unique_ptr<WsHandler> handler_;

    // I/O thread only.
    struct DirectQueue {
        struct Part {
            roomlog::Slice slice;
            bool is_limited;  // counts against WsSettings::direct_queue_bytes
        };
        Ring<Part> parts;
        std::size_t sent = 0;           // bytes of the first part
        std::size_t limited_bytes = 0;  // of the parts that count
        std::move_only_function<void()> then;
    };
    WsDecoder decoder_;
    std::unique_ptr<DirectQueue> direct_;  // null when there is none
    Topic* topic_ = nullptr;
    std::uint32_t topic_index_ = 0;
    State state_ = State::open;
    bool want_write_ = false;          // waits for room in the socket
    bool blocked_ = false;             // the send just tried did not take all
    bool peer_closed_ = false;         // its close frame has come
    bool protocol_failed_ = false;     // it broke the protocol: nothing more is decoded
    bool pinged_ = false;              // a ping is unanswered
    roomlog::Position frame_end_ = 0;  // where the feed's frame that is half sent ends; 0 at a frame boundary
    Tick last_received_ = 0;           // the last time that bytes came
    Tick last_progress_ = 0;           // the last time that the peer took bytes, while want_write_
    Tick since_ = 0;                   // when the ping or our close frame was queued
};

}  // namespace globes::net
