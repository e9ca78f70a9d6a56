// One WebSocket connection after the upgrade: RFC 6455 on a socket, a cursor in a topic, and a direct queue. Owned by
// the hub of its I/O thread, which makes all calls. An idle session holds no buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "net/direct_queue.h"
#include "net/poll_order.h"
#include "net/stream_socket.h"
#include "net/timer_wheel.h"
#include "net/topic.h"
#include "net/ws_close.h"
#include "net/ws_decoder.h"
#include "roomlog/slice.h"

namespace globes::net {

class WsSession;

/// The interface to the layer that understands the messages of a session. The upgrade creates a handler, and the
/// session owns it. Thread: the session's I/O thread.
class WsHandler {
public:
    virtual ~WsHandler() = default;

    /// Handles a complete text message in valid UTF-8. `message` is valid during the call only. May close the session.
    virtual void on_text(WsSession& session, std::string_view message) = 0;
    /// Returns whether the session answers a ping. May close the session.
    virtual bool on_ping(WsSession& session) = 0;
    /// A frame that is neither a message nor a ping: a fragment, or a pong. May close the session.
    virtual void on_other_frame(WsSession& session) = 0;
    /// The session is about to close with kCloseTooSlow.
    virtual void on_slow_consumer() {}
    /// The session has left the open state: one side has closed it, or the connection is lost. Called once; no other
    /// call follows.
    virtual void on_closed() = 0;
};

/// Identifies a session on all threads. An id is never used for another session. Same value as its ConnectionId and
/// SubscriberId (docs/glossary.md).
using SessionId = std::uint64_t;

struct WsSettings {
    WsLimits limits;
    Tick ping_after = ticks(std::chrono::seconds{25});      ///< From the last received bytes to a ping.
    Tick pong_within = ticks(std::chrono::seconds{10});     ///< From a ping, or since the peer reads on, to 4001.
    Tick stalled_after = ticks(std::chrono::seconds{10});   ///< A peer that takes no bytes for longer is too slow.
    Tick message_within = ticks(std::chrono::seconds{10});  ///< From the first bytes of a message to its last, to 4008.
    Tick close_timeout = ticks(std::chrono::seconds{5});    ///< From our close frame, or since the peer reads on.
    Tick longest_close = ticks(std::chrono::seconds{60});   ///< From our close frame, for a peer that reads on.
    std::size_t closing_bytes = std::size_t{1} << 20;       ///< The most input that is read after our close frame.
    std::size_t backlog_bytes = std::size_t{1} << 20;       ///< A longer backlog in a topic is too slow.
    std::size_t direct_queue_bytes = std::size_t{256} << 10;  ///< More counted bytes in the direct queue: too slow.
    LingerPolicy linger = {};                                 ///< For fan-outs of large topics.
};

/// What a session needs from its owner. Thread: the I/O thread. No call runs a handler or destroys the session.
class WsSessionOwner {
public:
    virtual const WsSettings& settings() const = 0;
    virtual TimerWheel& wheel() = 0;
    /// Watches the session's socket for input, and also for room to write if `for_writing`.
    virtual void watch(WsSession& session, bool for_writing) = 0;
    /// Stops watching the socket and destroys the session at the end of the loop iteration.
    virtual void release(WsSession& session) = 0;
    /// The session has changed or removed its cursor: a fan-out of `topic` may be due, or `topic` may be empty.
    virtual void reschedule(Topic& topic) = 0;
    virtual void count_slow_consumer() = 0;

protected:
    ~WsSessionOwner() = default;
};

/// If a call that sends, receives or closes throws, it has aborted the session before.
class WsSession final : private WsEvents, private TimerWheel::Timer {
public:
    /// `owner` MUST outlive the session. `place`: among the connections of its owner.
    WsSession(WsSessionOwner& owner, SessionId id, StreamSocket socket, std::unique_ptr<WsHandler> handler,
              PollOrder::Connection place);

    SessionId id() const { return id_; }
    bool is_open() const { return state_ == State::open; }

    // For handlers and their layers. If the session is not open, these calls do nothing.

    /// Sends one frame to this connection alone, at the next frame boundary. It counts against
    /// `WsSettings::direct_queue_bytes` until it is sent; beyond that limit the session closes with 4008.
    void send_direct(roomlog::Opcode opcode, std::string_view payload);
    /// As `send_direct`, with complete frames.
    void send_direct_frames(std::string_view frames);
    /// Sends complete frames to this connection alone. They do not count against the limit: the caller bounds them, and
    /// waits with `when_sent` before it sends more.
    void send_frames(roomlog::Slice frames);
    /// Calls `then` once, as soon as the direct queue is empty; possibly at once. Never calls it if the session closes
    /// before.
    void when_sent(DirectQueue::Callback then);
    /// Starts the close handshake (kCloseNoStatus: with an empty close frame). Calls `on_closed` before it returns and
    /// unsubscribes from the topic.
    void close(CloseCode code, std::string_view reason = {});
    /// As `close` with kCloseTooManyMessages, without decoding later frames of the peer, not even its close frame: a
    /// flood does not end with our close frame, and costs more to decode than to read.
    void close_flood();

    // For the owner.

    int fd() const { return socket_.fd(); }
    const PollOrder::Connection& place() const { return place_; }
    bool is_dropped() const { return state_ == State::dropped; }
    /// Sends `first_bytes` before all else, then decodes `unread`, which the peer sent after its request.
    void start(std::string_view first_bytes, std::span<char> unread);
    /// Adds a cursor to `topic`; see `Topic::add`. At most once. `topic` MUST outlive the subscription.
    void subscribe(Topic& topic, roomlog::Position from);
    void on_readable(std::span<char> buffer);
    void on_writable();
    /// Acts on the state of the session's cursor after its topic has moved it.
    void on_cursor(CursorState state);
    /// Ends the session without a close handshake: the connection is lost.
    void abort();

private:
    // Transitions: open → closing, peer_closed or failed; closing → peer_closed or failed; any → dropped.
    enum class State : std::uint8_t {
        open,         // Messages flow in both directions.
        closing,      // Our close frame is queued or sent. Messages of the peer are ignored until its close frame.
        peer_closed,  // The peer's close frame has arrived and ends its input. Dropped as soon as ours is sent.
        failed,  // The peer has violated the protocol, or floods: its input is discarded. As soon as our close frame is
                 // sent, the socket is shut down for writing. Then the peer's EOF ends the session.
        dropped,  // The owner has released the session.
    };

    // WsEvents
    bool on_text(std::string_view message) override;
    bool on_ping(std::string_view payload) override;
    bool on_pong(std::string_view payload) override;
    bool on_fragment() override;
    void on_close(CloseCode code, std::string_view reason) override;

    void on_timer(Tick now) override;
    void check_deadlines(Tick now);
    void arm();
    void look_at_send_queue();
    bool still_reads(Tick now);

    template <class Act>
    void run_or_abort(Act act);
    void decode(std::span<char> bytes);
    bool decodes() const { return state_ == State::open || state_ == State::closing; }
    void fail(CloseCode code);
    void close_slow_consumer();
    void close_as(State next, CloseCode code, std::string_view reason);
    void leave_open(State next);
    void keep_rest_of_frame();
    void leave_topic();
    void drop();

    void send_or_queue(std::string_view frames, DirectQueue::Limit limit);
    std::optional<std::size_t> try_send(std::string_view bytes);
    void flush();
    bool flush_unsent();
    bool flush_direct();
    bool finish_frame();
    bool catch_up();
    bool moved(roomlog::Position before, CursorState state);
    void take(CursorState state);
    void wait_for_socket(bool wait);

    // Constant after construction.
    WsSessionOwner& owner_;
    const PollOrder::Connection place_;
    const SessionId id_;
    const std::unique_ptr<WsHandler> handler_;

    StreamSocket socket_;
    WsDecoder decoder_;
    DirectQueue direct_;      // if it is not empty, the session waits for the socket
    Topic* topic_ = nullptr;  // null if not subscribed
    CursorId cursor_ = 0;
    State state_ = State::open;
    bool waits_for_socket_ = false;    // the socket is full; the cursor is blocked; if not, nothing is unsent
    bool is_pinged_ = false;           // a ping is not answered yet
    bool has_partial_ = false;         // a part of a message or frame has arrived
    bool has_ended_message_ = false;   // in the current call of the decoder
    bool is_backed_up_ = false;        // bytes waited for the peer at the last look at the send queue
    Tick last_received_ = 0;           // when the peer last sent bytes
    Tick partial_since_ = 0;           // when the first bytes of the partial message arrived
    Tick last_progress_ = 0;           // when the peer last took bytes, if the session waits for the socket
    Tick since_ = 0;                   // when the ping or our close frame was queued, or `still_reads` was true
    Tick left_open_ = 0;               // when our close frame was queued
    std::uint32_t closing_bytes_ = 0;  // received since then
    std::uint64_t acknowledged_ = 0;   // by the peer's kernel, at the last look at the send queue; in bytes
};

}  // namespace globes::net
