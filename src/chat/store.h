// The port to whatever keeps rooms and their durable events, and what every store promises.
//
//  1. Order: batches are committed in the order of `append`; within one batch writes apply in their order. A store
//     without transactions promises that, and the order of its answers, for each room.
//  2. Atomic: all of a batch becomes visible, or nothing of it does, and so it is on the disk. A store without
//     transactions promises that for each room on its own: where the server refuses or loses one room's part, the
//     outcome tells the rooms apart. It may fall short where this process dies in the middle of a batch: then, in each
//     room, the first of the batch's writes may be there without those behind them.
//  3. Group commit: a store may join waiting batches in one transaction; each still gets its own answer, in order.
//  4. Answered means done: `committed` is reported only after the batch survives kill -9 of this process.
//  5. `failed` means the batch is not there and never will be. `unknown` means it may or may not be there, and may
//     still turn up until a later `read_events` of that room has answered `ok`.
//  6. Two events of one room never have the same seq, nor the same sender (folded name) and client id: such a batch
//     fails and the first event stays as it was. A store that `tells_repeats` may end a room's part at the first event
//     whose id is stored already: the outcome names it, the events before it are there, and the part has no others.
//  7. A deleted room takes its events with it. Counted room ids are never given again, also not after a restart.
//  8. Reads see every batch that was reported committed before the read was asked for.
//  9. An unclean stop needs nothing but the next `open`.
// 10. Times are kept as they are, whatever they are: those of a room's events may step back and say nothing about their
//     order.
// 11. Answers come on a thread of the store, each exactly once, also when the store stops (`failed` then).
//
// Threads: the calls below come from the core thread or any worker, never wait for the disk or the network, and are
// safe at the same time. `stop` is called once, by main, after the core has stopped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chat/event.h"
#include "chat/expiry.h"
#include "chat/room_record.h"

namespace globes::chat {

/// Inserts the room or replaces it as a whole (its events stay). A counted id moves `next_room_id` past itself.
struct PutRoom {
    RoomRecord room;
};
struct DeleteRoom {
    RoomId room;
};
/// `event` is durable. Its room has been put before and was not deleted since, or the batch fails.
struct AppendEvent {
    Event event;
};
/// Removes the room's events up to and including `through_seq`; their seqs stay taken. Nothing where the room is gone.
struct PurgeEvents {
    RoomId room;
    std::uint64_t through_seq;
};
using StoreWrite = std::variant<PutRoom, DeleteRoom, AppendEvent, PurgeEvents>;
using StoreBatch = std::vector<StoreWrite>;

enum class CommitOutcome : std::uint8_t { committed, failed, unknown };

/// What became of a batch, room by room.
class BatchOutcome {
public:
    struct Part {
        RoomId room;
        CommitOutcome outcome;
        std::uint64_t repeated_seq = 0;  ///< Of a part that failed: see guarantee 6.
    };

    /// All of its rooms fared alike.
    BatchOutcome(CommitOutcome whole) : whole_(whole) {}
    /// Each of its rooms, once. Of none: committed.
    explicit BatchOutcome(std::vector<Part> parts);

    /// The batch as one: `unknown` where its rooms fared differently.
    operator CommitOutcome() const { return whole_; }
    /// The same, but a part that ended at a repeated id counts as committed: nothing failed there.
    CommitOutcome without_repeats() const;
    CommitOutcome of(RoomId room) const;
    /// The event of the room whose id is stored already, and before which its part ended; 0: no event.
    std::uint64_t repeated_seq(RoomId room) const;

private:
    CommitOutcome whole_;
    std::vector<Part> parts_ = {};  // empty where all fared alike, and without a repeat
};
using BatchDone = std::move_only_function<void(BatchOutcome)>;

/// One room as `load_rooms` finds it.
struct StoredRoom {
    RoomRecord record;
    std::uint64_t last_seq = 0;   ///< The newest seq ever given in this room; 0 where nothing was said.
    std::uint64_t first_seq = 1;  ///< The oldest event that is kept; last_seq + 1 where none is.
    UnixMicros last_time = 0;     ///< Of the newest event that is kept; 0 where none is.
};

struct StoredRooms {
    std::vector<StoredRoom> rooms;  ///< In ascending order of id.
    RoomId next_room_id = 1;
};

/// Events of one room with after < seq < before (0 for `before`: no upper end), in ascending order, at most `limit`.
/// `newest_first_cut`: where more than `limit` match, the newest are kept instead of the oldest.
/// `expiry`: events that have expired are left out (expiry.h).
struct EventQuery {
    RoomId room = 0;
    std::uint64_t after = 0;
    std::uint64_t before = 0;
    std::size_t limit = 0;
    bool newest_first_cut = false;
    Expiry expiry = {};
};

struct EventPage {
    bool ok = false;  ///< False: the store could not be read; `events` is empty.
    std::vector<Event> events = {};
    /// The oldest event of the room that is kept and has not expired, whatever the query asks for; last seq + 1 where
    /// there is none. Found in logarithmic time. 0: another process has deleted the room since the store was opened.
    std::uint64_t first_seq = 1;
};

/// What makes a send with an id the same as another one: the room, the sender's folded name, the id.
struct SendKey {
    RoomId room = 0;
    std::string folded_name;
    std::string client_id;

    friend bool operator==(const SendKey&, const SendKey&) = default;
};

struct SendLookup {
    bool ok = false;                          ///< False: the store could not be read.
    std::vector<std::optional<Event>> found;  ///< For each key, in order.
};

class Store {
public:
    virtual ~Store() = default;

    /// Everything that the core needs at start. Blocks; called once, by main, before any other call.
    /// Throws std::runtime_error with a message for the operator.
    virtual StoredRooms load_rooms() = 0;

    /// Bounded by `StoreLimits::queued_bytes`: a batch beyond it is dropped untried and its answer, `failed`, comes in
    /// its turn. `done` must not throw, here and below.
    virtual void append(StoreBatch batch, BatchDone done) = 0;

    /// Bounded by `StoreLimits::queued_reads`: beyond it the answer is not ok.
    virtual void read_events(EventQuery query, std::move_only_function<void(EventPage)> done) = 0;

    /// Whether `append` finds out which event repeats an id, so that none has to be looked up before.
    virtual bool tells_repeats() const { return false; }

    /// The stored events that were sent with these ids. Bounded as `read_events`.
    virtual void find_sends(std::vector<SendKey> keys, std::move_only_function<void(SendLookup)> done) = 0;

    /// How many of a room's newest events are sure to be kept until they are purged; 0: all of them.
    virtual std::uint64_t sure_events() const { return 0; }

    /// Whether the store can be reached and read now (`/ready`).
    virtual void ping(std::move_only_function<void(bool)> done) = 0;

    /// Commits what was accepted, answers everything, joins its threads. A call that comes later all the same is
    /// refused on its caller's thread.
    virtual void stop() = 0;
};

struct StoreLimits {
    std::size_t queued_bytes = std::size_t{64} << 20;  ///< Of batches not yet answered, as `queued_bytes` counts them.
    std::size_t queued_reads = 1024;                   ///< Reads and pings that wait for a thread of the store.
};

/// The room that a write is about.
RoomId room_of(const StoreWrite& write);

/// What a batch counts against `StoreLimits::queued_bytes`: its memory, within a few bytes for each write.
std::size_t queued_bytes(const StoreBatch& batch);

}  // namespace globes::chat
