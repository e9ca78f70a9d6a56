// Fan-out of one room log to the connections of one I/O thread. A topic keeps a dense array of cursors and moves all of
// them to the end of the log, with one send for each, from bytes that all of them share. After a fan-out it lingers, so
// that messages coalesce and the next fan-out sends them with the same number of sends.
//
// A topic does not know its connections. Each call returns the state of the cursor that it stopped at, and the caller
// acts on it. Owned by the hub. Thread: the hub's I/O thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "net/stream_socket.h"
#include "roomlog/retained_log.h"

namespace globes::net {

/// Counters of the WebSocket sessions of one I/O thread. Thread: that thread writes, any reads.
struct WsCounts {
    Count sends;           ///< Sends for cursors of topics, those that took nothing included.
    Count sent_bytes;      ///< Bytes of topics; frames of direct queues are not included.
    Count slow_consumers;  ///< Sessions that were closed as too slow.
};

/// The work of one fan-out, from its first cursor to its last.
struct FanOutWork {
    std::chrono::steady_clock::duration took{};
    std::size_t cursors = 0;  ///< Visited.
    std::size_t bytes = 0;    ///< Sent to each cursor that was not blocked.
};

/// Source of the numbers: docs/adr/0004-fan-out-linger.md
struct LingerPolicy {
    /// After a fan-out that took at most this long, the topic does not linger.
    std::chrono::steady_clock::duration short_fan_out = std::chrono::microseconds{2500};
    std::chrono::steady_clock::duration longest = std::chrono::milliseconds{30};
    /// The longest time that counts for each cursor. If a fan-out took longer, the thread was preempted.
    std::chrono::steady_clock::duration longest_send = std::chrono::microseconds{5};
    std::size_t message_bytes = 256;  ///< The assumed size of a message.
    // After a fan-out that took d and sent n messages, the topic lingers for factor * d / (1 + n)^2, at most
    // growth * (d - short_fan_out).
    std::size_t factor = 40;
    std::size_t growth = 15;
};

/// Returns the delay between a fan-out and the next one of the same topic, zero to `policy.longest`. Thread: any.
std::chrono::steady_clock::duration linger_after(const FanOutWork& work, const LingerPolicy& policy);

/// Identifies a room log on all threads. The layers above choose it.
using TopicId = std::uint64_t;
/// Identifies the owner of a cursor. The topic returns it and does nothing else with it.
using SubscriberId = std::uint64_t;
/// Identifies a cursor within its topic, until it is removed.
using CursorId = std::uint32_t;

/// The state of a cursor after an attempt to move it.
enum class CursorState : std::uint8_t {
    done,     ///< It has reached the position that it was moved to.
    blocked,  ///< The socket is full, or with TLS has unsent bytes. Fan-out skips the cursor until `unblock`.
    lost,     ///< The send failed. The caller MUST remove the cursor.
    behind,   ///< It is blocked and its backlog exceeds the limit. The caller MUST remove the cursor.
};

/// The result of one call of `Topic::fan_out`.
struct FanOutStep {
    std::size_t cursors = 0;                ///< The number of cursors that were visited.
    CursorState state = CursorState::done;  ///< Of the last one. The call stops at a cursor that is not `done`.
    SubscriberId subscriber = 0;            ///< Of the last one, unless it is `done`.
};

class Topic;

/// The bytes of the next send, as views into the retained log of a topic. Most cursors of a fan-out send the same
/// bytes, so these are gathered once. All topics of a thread share one cache, so that an idle topic holds none.
struct GatherCache {
    static constexpr std::size_t kMaxViews = 16;

    const Topic* topic = nullptr;  ///< Null if the cache is empty.
    roomlog::Position from = 0;
    roomlog::Position limit = 0;
    std::size_t bytes = 0;
    std::size_t count = 0;
    std::array<std::string_view, kMaxViews> views;
};

class Topic {
public:
    /// `backlog_bytes`: the longest backlog of a blocked cursor. `cache` and `counts` MUST outlive the topic.
    Topic(TopicId id, std::size_t backlog_bytes, GatherCache& cache, WsCounts& counts)
        : id_(id), backlog_bytes_(backlog_bytes), cache_(cache), counts_(counts) {}
    ~Topic() { clear_cache(); }
    Topic(const Topic&) = delete;
    Topic& operator=(const Topic&) = delete;

    TopicId id() const { return id_; }
    bool empty() const { return cursors_.empty(); }
    std::size_t size() const { return cursors_.size(); }
    const roomlog::RetainedLog& retained() const { return retained_; }
    /// The owner of one of the cursors. The topic MUST NOT be empty.
    SubscriberId any_subscriber() const { return slots_[cursors_.back().id].subscriber; }

    /// Adds a cursor that sends to `target`. `from`: a frame boundary that is not before the retained log; it may be
    /// after its end, if this thread has not received the newest slices yet. A fan-out may be due afterwards.
    CursorId add(const SendTarget& target, roomlog::Position from, SubscriberId subscriber);
    /// Removes a cursor. The ids of other cursors stay valid. A fan-out may be due afterwards.
    void remove(CursorId id);

    /// Whether a cursor needs bytes between the retained log and `slice`: a slice was lost on its way to this thread.
    bool has_gap_before(const roomlog::Slice& slice) const;
    /// Appends a slice of the room log, without a gap. A fan-out is due afterwards.
    void extend(const roomlog::Slice& slice) { retained_.extend(slice); }

    /// Continues the current fan-out, or starts one. Moves up to `budget` cursors to the end of the log and stops early
    /// at a cursor that needs its owner. `done` is true once the fan-out has visited every cursor.
    FanOutStep fan_out(std::size_t budget);
    /// Whether no fan-out is in progress.
    bool done() const { return !is_fanning_out_; }
    /// Whether a cursor that is not blocked may be behind the end, or retained bytes may be released.
    bool due() const { return is_fanning_out_ || may_release_ || fanned_out_to_ < retained_.end(); }

    /// Sends the rest of a half-sent frame. Returns `done` at a frame boundary, `blocked` or `lost`.
    CursorState finish_frame(CursorId id);
    /// Moves one cursor to the end of the log. Returns `done`, `blocked` or `lost`. MUST NOT be called while a direct
    /// frame to the same socket is half sent.
    CursorState catch_up(CursorId id);

    /// Makes fan-out skip a cursor: its socket is full, or direct frames come first.
    void block(CursorId id) { cursors_[index_of(id)].blocked = true; }
    /// Makes fan-out move a cursor again. A fan-out may be due afterwards, to release what the cursor retained.
    void unblock(CursorId id);

    roomlog::Position position(CursorId id) const { return cursors_[index_of(id)].position; }
    /// Returns a copy of the unsent rest of the half-sent frame; empty at a frame boundary.
    std::string unsent_of_frame(CursorId id) const;

    // The hub's schedule for this topic.
    FanOutWork work;                                        ///< Of the current fan-out.
    std::chrono::steady_clock::time_point lingers_until{};  ///< No new fan-out starts before.
    bool queued = false;                                    ///< In one of the hub's queues.

private:
    struct Cursor {
        SendTarget target;
        roomlog::Position position;
        CursorId id;
        bool blocked;
    };
    // State of a cursor that the loop of a fan-out does not need. `CursorId` is an index of `slots_`.
    struct Slot {
        std::uint32_t index;          // of the cursor; of the next free slot if this one is free
        roomlog::Position frame_end;  // of the half-sent frame; at or before the cursor's position at a frame boundary
        SubscriberId subscriber;
    };
    static constexpr std::uint32_t kNoSlot = UINT32_MAX;

    std::size_t index_of(CursorId id) const;
    void move_cursor(std::size_t from, std::size_t to);
    CursorState advance(Cursor& cursor, roomlog::Position limit);
    void find_frame_end(const Cursor& cursor, roomlog::Position before);
    void gather(roomlog::Position from, roomlog::Position limit);
    ssize_t send(const SendTarget& target) const;
    void release_before(roomlog::Position position);
    void clear_cache();

    const TopicId id_;
    const std::size_t backlog_bytes_;
    GatherCache& cache_;
    WsCounts& counts_;

    roomlog::RetainedLog retained_;
    std::vector<Cursor> cursors_;
    std::vector<Slot> slots_;
    std::uint32_t free_slot_ = kNoSlot;

    // The current fan-out.
    bool is_fanning_out_ = false;
    std::size_t next_ = 0;                 // the cursor to visit next; all before it were visited
    roomlog::Position target_ = 0;         // the end of the log when the fan-out started
    roomlog::Position slowest_ = 0;        // the lowest position of the visited cursors
    roomlog::Position fanned_out_to_ = 0;  // every cursor that is not blocked has reached this position
    bool may_release_ = false;             // a cursor that retained old bytes has moved or was removed
};

}  // namespace globes::net
