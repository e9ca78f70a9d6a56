// The hub of one I/O thread: all its WebSocket sessions with their sockets in one epoll set, the topics that they read,
// and the timers. The epoll set is a single descriptor in the thread's Asio loop
// (docs/adr/0001-sockets-in-one-epoll-set.md), so that one loop iteration reads every readable socket before fan-out.
//
// Thread: the I/O thread, unless a function says otherwise.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "base/keyed_hash.h"
#include "base/ring.h"
#include "net/poll_order.h"
#include "net/stream_socket.h"
#include "net/timer_wheel.h"
#include "net/topic.h"
#include "net/ws_session.h"

namespace globes::net {

class WsHub final : private WsSessionOwner {
public:
    /// `thread`: the number of the I/O thread, a part of every session id.
    WsHub(unsigned thread, WsSettings settings);
    ~WsHub() = default;
    WsHub(const WsHub&) = delete;
    WsHub& operator=(const WsHub&) = delete;

    /// The epoll set. It is readable if `poll` has something to do.
    int descriptor() const { return epoll_.get(); }
    std::size_t size() const { return sessions_.size(); }
    const WsSettings& settings() const override { return settings_; }
    /// Thread: any.
    const WsCounts& counts() const { return counts_; }
    TimerWheel& wheel() override { return wheel_; }

    /// Returns the id for a connection that will be upgraded; the caller passes it to `adopt`.
    SessionId next_id();
    /// Creates the session of an upgraded connection. `first_bytes` are sent before all else
    /// (the 101 response). `unread`: the bytes that the peer has sent after its request; unmasked in place. `asker`:
    /// the client, for the order in which connections are served. Returns null if the connection has ended already.
    WsSession* adopt(SessionId id, StreamSocket socket, std::string_view first_bytes, std::span<char> unread,
                     std::unique_ptr<WsHandler> handler, Asker asker = {});
    /// Returns null if the session has ended.
    WsSession* find(SessionId id);

    /// Subscribes an open session to a topic, at most once. Creates the topic for its first subscriber. `from`: a frame
    /// boundary that is not before the bytes that the topic retains; it may be after the last slice of `extend`.
    void subscribe(WsSession& session, TopicId topic, roomlog::Position from);
    /// Appends a slice of a room log to its topic. Does nothing if no session of this thread reads it.
    void extend(TopicId topic, const roomlog::Slice& slice);

    /// Reads readable sockets, and flushes sessions whose sockets have room again, round-robin by client, for about
    /// `kPollTime`, and 0.5 ms of one client (PollOrder). `buffer`: for one read.
    void poll(std::span<char> buffer);
    /// Moves cursors of the topics that are due, round robin. Returns when to call it again: time_point::min() for now,
    /// max() if nothing is due.
    std::chrono::steady_clock::time_point fan_out();
    /// Destroys the sessions and topics that ended in this loop iteration. Call it last.
    void end_iteration();
    /// Advances the timers.
    void advance(Tick now) { wheel_.advance(now); }

    /// Starts to close every session.
    void close_all(CloseCode code, std::string_view reason);

private:
    // WsSessionOwner
    void watch(WsSession& session, bool for_writing) override;
    void release(WsSession& session) override;
    void reschedule(Topic& topic) override;
    void count_slow_consumer() override { counts_.slow_consumers.add(); }

    void queue(Topic& topic);
    void abort_all(Topic& topic);
    std::size_t fan_out(Topic& topic, std::size_t budget);
    void serve(const epoll_event& event, std::span<char> buffer);

    const unsigned thread_;
    const WsSettings settings_;
    const FileDescriptor epoll_;
    TimerWheel wheel_;
    SessionId last_id_ = 0;
    PollOrder order_;  // outlives the sessions
    std::unordered_map<SessionId, std::unique_ptr<WsSession>> sessions_;
    std::vector<std::unique_ptr<WsSession>> ended_;  // until the end of the iteration: callers may still use them
    GatherCache gather_cache_;                       // outlives the topics
    WsCounts counts_;                                // outlives the topics
    std::unordered_map<TopicId, std::unique_ptr<Topic>, KeyedHash> topics_;
    Ring<Topic*> due_;                   // to be fanned out, round robin
    std::vector<Topic*> lingering_;      // due, but not before `lingers_until`
    std::vector<TopicId> empty_topics_;  // were empty in this iteration; may have subscribers again
};

}  // namespace globes::net
