// All upgraded connections of one I/O thread: their sockets in an epoll set of their own, the feeds that they read, and
// the timers. The set hangs in the thread's Asio loop as a single descriptor
// (docs/adr/0001-sockets-in-one-epoll-set.md), so that one pass drains every readable socket before the feeds are
// swept. I/O thread only.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ring.h"
#include "net/timer_wheel.h"
#include "net/topic.h"
#include "net/ws_counts.h"
#include "net/ws_session.h"

namespace globes::net {

class WsHub {
public:
    /// `thread`: number of the I/O thread, part of every session id.
    WsHub(unsigned thread, WsSettings settings);
    ~WsHub();
    WsHub(const WsHub&) = delete;
    WsHub& operator=(const WsHub&) = delete;

    /// Readable when `poll` has something to do.
    int descriptor() const { return epoll_; }
    std::size_t size() const { return sessions_.size(); }
    const WsSettings& settings() const { return settings_; }
    /// Any thread may look at them.
    const WsCounts& counts() const { return counts_; }
    TimerWheel& wheel() { return wheel_; }

    /// An id for a connection that is going to be upgraded; `adopt` gives it to the session.
    SessionId next_id();
    /// Takes over an upgraded, non-blocking socket. `first_bytes` go out before anything else (the 101 response),
    /// `unread` is what the peer has already sent behind its request. Returns null where the connection ended
    /// meanwhile.
    WsSession* adopt(SessionId id, int fd, std::string_view first_bytes, std::span<char> unread,
                     std::unique_ptr<WsHandler> handler);
    /// Null where that session has gone.
    WsSession* find(SessionId id);

    /// Makes the session read the feed from `from` on, made for the first one that comes. Once for each session. `from`
    /// is a frame boundary; it may lie beyond what was handed on yet, but not before what is held for other sessions.
    void subscribe(WsSession& session, TopicId topic, roomlog::Position from);
    /// Hands on what was appended to a log; nothing if nobody here reads it.
    void extend(TopicId topic, const roomlog::Slice& slice);

    /// Reads from every socket that is ready, and goes on where sockets have room again.
    void poll(std::span<char> buffer);
    /// Moves cursors, in slices shared out between the feeds that are due. Returns when the next sweep is due:
    /// time_point::min() for at once, max() for none.
    std::chrono::steady_clock::time_point fan_out();
    /// Frees what ended during the pass. Call it last.
    void end_iteration();
    /// Moves the timers on.
    void advance(Tick now) { wheel_.advance(now); }

    /// Begins to close every session.
    void close_all(CloseCode code, std::string_view reason);

private:
    friend class WsSession;
    void watch(WsSession& session, bool writable);
    void drop(WsSession& session);
    void unsubscribe(Topic& topic, std::size_t index);
    void queue(Topic& topic);

    const unsigned thread_;
    const WsSettings settings_;
    const int epoll_;
    TimerWheel wheel_;
    SessionId ids_ = 0;
    std::unordered_map<SessionId, std::unique_ptr<WsSession>> sessions_;
    std::vector<std::unique_ptr<WsSession>> ended_;  // until the pass is over: someone up the stack may still hold them
    SendParts send_parts_;                           // outlives the feeds
    WsCounts counts_;                                // as well
    std::unordered_map<TopicId, std::unique_ptr<Topic>> topics_;
    Ring<Topic*> due_;                   // to be swept, in turn
    std::vector<Topic*> lingering_;      // due, but not before `lingers_until`
    std::vector<TopicId> empty_topics_;  // perhaps empty
};

}  // namespace globes::net
