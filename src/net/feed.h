// Fan-out of one log to the connections of one I/O thread: a dense array of cursors and the sweep that moves them all
// to the log's end, with one send for each, from bytes that all share. Owned by the hub; its I/O thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "log/window.h"
#include "net/sweep_rest.h"
#include "net/ws_counts.h"

namespace globes::net {

class WsSession;

/// Names a log on the wire between threads; net does not know what it stands for.
using FeedId = std::uint64_t;

class Feed;

/// The bytes that a send takes, as they lie in a feed's window: most cursors of a sweep ask for the same. One for all
/// feeds of a thread, so that a quiet feed holds none of it.
struct SendParts {
    static constexpr std::size_t kMost = 16;

    const Feed* feed = nullptr;  ///< Null: nothing gathered.
    log::Position from = 0;
    log::Position limit = 0;
    std::size_t bytes = 0;
    std::size_t count = 0;
    std::array<std::string_view, kMost> views;
};

class Feed {
public:
    /// `backlog_bytes`: a cursor further behind than that is given up as too slow. `parts` and `counts` outlive this.
    Feed(FeedId id, std::size_t backlog_bytes, SendParts& parts, WsCounts& counts)
        : id_(id), backlog_bytes_(backlog_bytes), parts_(parts), counts_(counts) {}
    ~Feed() { forget_parts(); }
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    FeedId id() const { return id_; }
    bool empty() const { return cursors_.empty(); }
    std::size_t size() const { return cursors_.size(); }
    const log::Window& window() const { return window_; }

    /// Adds a cursor at `from`, which may lie beyond what this thread was told of yet. Returns its index. A sweep may
    /// be due afterwards.
    std::size_t add(WsSession& session, int fd, log::Position from);
    /// Removes the cursor at `index`; another one takes its place and is told. A sweep may be due afterwards.
    void remove(std::size_t index);

    /// Takes up what was appended to the log. A sweep is due afterwards.
    void extend(const log::Slice& slice) { window_.extend(slice); }

    /// Moves up to `budget` cursors towards the end and returns how many were looked at. `done` tells the end of a
    /// sweep.
    std::size_t sweep(std::size_t budget);
    /// True when no sweep is under way.
    bool done() const { return !sweeping_; }
    /// True when some cursor that could be moved may stand behind the end, or bytes may be forgotten.
    bool due() const { return sweeping_ || forgets_ || swept_to_ < window_.end(); }

    /// Moves one cursor towards `limit` as far as its socket takes; where that is not all, its session is told. Returns
    /// false if the session ended. `limit` is at most the window's end.
    bool advance(std::size_t index, log::Position limit);

    /// A cursor that waits (its socket is full, or frames of its own come first) is passed over by sweeps. One that
    /// waits no more has come to the end; a sweep may be due then.
    void set_waiting(std::size_t index, bool waiting);
    log::Position position(std::size_t index) const { return cursors_[index].position; }

    // The pause after a sweep, kept here for the hub.
    SweepWork work;                                       ///< Of the sweep under way.
    std::chrono::steady_clock::time_point rests_until{};  ///< No new sweep before.
    bool queued = false;                                  ///< In one of the hub's lists.

private:
    struct Cursor {
        int fd;
        bool waiting;
        log::Position position;
        WsSession* session;
    };

    void fill(std::size_t index, std::size_t from);
    void gather(log::Position from, log::Position limit);
    void forget_before(log::Position position);
    void forget_parts();

    const FeedId id_;
    const std::size_t backlog_bytes_;
    SendParts& parts_;
    WsCounts& counts_;

    log::Window window_;
    std::vector<Cursor> cursors_;

    // The sweep under way.
    bool sweeping_ = false;
    std::size_t next_ = 0;        // cursor to look at next; all before it have been
    log::Position target_ = 0;    // the log's end when the sweep began
    log::Position slowest_ = 0;   // least position seen
    log::Position swept_to_ = 0;  // every cursor that does not wait has come this far
    bool forgets_ = false;        // whoever kept the window from being released may have gone on: sweep to see
};

}  // namespace globes::net
