// Fan-out of one log to the connections of one I/O thread: a dense array of cursors and the sweep that moves them all
// to the log's end, with one send for each, from bytes that all share. Owned by the hub; its I/O thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "net/linger.h"
#include "net/ws_counts.h"
#include "roomlog/retained_log.h"

namespace globes::net {

class WsSession;

/// Names a log on the wire between threads; net does not know what it stands for.
using TopicId = std::uint64_t;

class Topic;

/// The bytes that a send takes, as they lie in a feed's window: most cursors of a sweep ask for the same. One for all
/// feeds of a thread, so that a quiet feed holds none of it.
struct SendParts {
    static constexpr std::size_t kMost = 16;

    const Topic* topic = nullptr;  ///< Null: nothing gathered.
    roomlog::Position from = 0;
    roomlog::Position limit = 0;
    std::size_t bytes = 0;
    std::size_t count = 0;
    std::array<std::string_view, kMost> views;
};

class Topic {
public:
    /// `backlog_bytes`: a cursor further behind than that is given up as too slow. `parts` and `counts` outlive this.
    Topic(TopicId id, std::size_t backlog_bytes, SendParts& parts, WsCounts& counts)
        : id_(id), backlog_bytes_(backlog_bytes), parts_(parts), counts_(counts) {}
    ~Topic() { forget_parts(); }
    Topic(const Topic&) = delete;
    Topic& operator=(const Topic&) = delete;

    TopicId id() const { return id_; }
    bool empty() const { return cursors_.empty(); }
    std::size_t size() const { return cursors_.size(); }
    const roomlog::RetainedLog& retained() const { return retained_; }

    /// Adds a cursor at `from`, which may lie beyond what this thread was told of yet. Returns its index. A sweep may
    /// be due afterwards.
    std::size_t add(WsSession& session, int fd, roomlog::Position from);
    /// Removes the cursor at `index`; another one takes its place and is told. A sweep may be due afterwards.
    void remove(std::size_t index);

    /// Takes up what was appended to the log. A sweep is due afterwards.
    void extend(const roomlog::Slice& slice) { retained_.extend(slice); }

    /// Moves up to `budget` cursors towards the end and returns how many were looked at. `done` tells the end of a
    /// sweep.
    std::size_t fan_out(std::size_t budget);
    /// True when no sweep is under way.
    bool done() const { return !is_fanning_out_; }
    /// True when some cursor that could be moved may stand behind the end, or bytes may be forgotten.
    bool due() const { return is_fanning_out_ || forgets_ || fanned_out_to_ < retained_.end(); }

    /// Moves one cursor towards `limit` as far as its socket takes; where that is not all, its session is told. Returns
    /// false if the session ended. `limit` is at most the window's end.
    bool advance(std::size_t index, roomlog::Position limit);

    /// A cursor that waits (its socket is full, or frames of its own come first) is passed over by sweeps. One that
    /// waits no more has come to the end; a sweep may be due then.
    void set_waiting(std::size_t index, bool waiting);
    roomlog::Position position(std::size_t index) const { return cursors_[index].position; }

    // The pause after a sweep, kept here for the hub.
    FanOutWork work;                                        ///< Of the sweep under way.
    std::chrono::steady_clock::time_point lingers_until{};  ///< No new sweep before.
    bool queued = false;                                    ///< In one of the hub's lists.

private:
    struct Cursor {
        int fd;
        bool waiting;
        roomlog::Position position;
        WsSession* session;
    };

    void fill(std::size_t index, std::size_t from);
    void gather(roomlog::Position from, roomlog::Position limit);
    void forget_before(roomlog::Position position);
    void forget_parts();

    const TopicId id_;
    const std::size_t backlog_bytes_;
    SendParts& parts_;
    WsCounts& counts_;

    roomlog::RetainedLog retained_;
    std::vector<Cursor> cursors_;

    // The sweep under way.
    bool is_fanning_out_ = false;
    std::size_t next_ = 0;                 // cursor to look at next; all before it have been
    roomlog::Position target_ = 0;         // the log's end when the sweep began
    roomlog::Position slowest_ = 0;        // least position seen
    roomlog::Position fanned_out_to_ = 0;  // every cursor that does not wait has come this far
    bool forgets_ = false;                 // whoever kept the window from being released may have gone on: sweep to see
};

}  // namespace globes::net
