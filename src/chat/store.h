// The port to the database that keeps rooms and their durable events. Every store guarantees:
//
//  1. Order: batches are committed in the order of `append`, and the writes of a batch in their order. A store without
//     transactions guarantees this, and the order of its answers, for each room.
//  2. Atomicity: a batch is stored and becomes visible as a whole or not at all. A store without transactions
//     guarantees this for each room: if the database refuses or loses the part of one room, the outcome states this
//     for the room.
//     Exception: if this process dies in the middle of a batch, such a store may have the first writes of a room's part
//     without the later ones.
//  3. Group commit: a store may commit several waiting batches in one transaction. Each batch gets its own answer, in
//     order.
//  4. Durability: `committed` is reported only after the batch survives kill -9 of this process.
//  5. `failed`: the batch is not stored and never will be. `unknown`: the batch may be stored, or may still be stored
//     later, until a `read_events` of its room that started afterwards has answered `ok`.
//  6. Uniqueness: two events of one room never have the same seq, nor the same sender (folded name) and client id: such
//     a batch fails, and the first event is unchanged. A store that `reports_repeats` may stop a room's part at the
//     first event whose client id is stored already: the outcome has its seq, the events before it are stored, and the
//     later ones are not.
//  7. The deletion of a room removes its events. Counted room ids are never used again, also after a restart.
//  8. A read sees every batch that was reported as `committed` before the read was requested.
//  9. After an unclean stop, the next start needs no repair by an operator.
// 10. Times are stored unchanged. The times of a room's events may step back, and do not determine their order.
// 11. Each call is answered exactly once, on a thread of the store, also if the store stops (then with `failed`).
//
// Thread: any, concurrently, unless a function says otherwise. Only `load_rooms` and `stop` wait for the disk or the
// network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/asker.h"
#include "chat/event.h"
#include "chat/expiry.h"
#include "chat/room_record.h"

namespace globes::chat {

/// Inserts a room, or replaces its record; its events stay. A counted id raises `next_room_id` above itself.
struct PutRoom {
    RoomRecord room;
};
/// Deletes a room and its events.
struct DeleteRoom {
    RoomId room;
};
/// Adds a durable event. If its room does not exist, the batch fails. The caller guarantees that the seqs of a room
/// have no gaps; the store does not check it.
struct AppendEvent {
    Event event;
};
/// Removes the room's events up to and including `through_seq`. Their seqs are not used again. Does nothing if the room
/// does not exist.
struct PurgeEvents {
    RoomId room;
    std::uint64_t through_seq;
};
using StoreWrite = std::variant<PutRoom, DeleteRoom, AppendEvent, PurgeEvents>;
using StoreBatch = std::vector<StoreWrite>;

/// See guarantee 5.
enum class CommitOutcome : std::uint8_t { committed, failed, unknown };

/// The outcome of a batch, for each of its rooms.
class BatchOutcome {
public:
    struct Part {
        RoomId room;
        CommitOutcome outcome;
        std::uint64_t repeated_seq = 0;  ///< Of a failed part, see guarantee 6; otherwise 0.
    };

    /// All rooms of the batch have the same outcome.
    BatchOutcome(CommitOutcome whole) : whole_(whole) {}
    /// `parts`: one for each room of the batch. An empty batch is committed.
    explicit BatchOutcome(std::vector<Part> parts);

    /// The outcome of the whole batch: `unknown` if its rooms have different outcomes.
    operator CommitOutcome() const { return whole_; }
    /// The same, but a part that stopped at a repeated id counts as committed, because nothing failed there.
    CommitOutcome without_repeats() const;
    CommitOutcome of(RoomId room) const;
    /// The seq of the event at which the room's part stopped, because its client id is stored already; 0 if it did not.
    std::uint64_t repeated_seq(RoomId room) const;

private:
    CommitOutcome whole_;
    std::vector<Part> parts_ = {};  // empty if all rooms have the same outcome and no id was repeated
};
using BatchDone = std::move_only_function<void(BatchOutcome)>;

/// One room at start.
struct StoredRoom {
    RoomRecord record;
    std::uint64_t last_seq = 0;   ///< The newest seq ever used in this room; 0 if it has had no event.
    std::uint64_t first_seq = 1;  ///< The oldest event that is kept; last_seq + 1 if all were removed.
    UnixMicros last_time = 0;     ///< Of the newest event that is kept; 0 if all were removed.
};

struct StoredRooms {
    std::vector<StoredRoom> rooms;  ///< In ascending order of id.
    RoomId next_room_id = 1;
};

/// The `asker` of the server's own queries.
inline constexpr Asker kServerAsks{};

/// Selects events of one room with after < seq < before (if `before` is 0: no upper bound), in ascending order, at most
/// `limit`. `keeps_newest`: if more than `limit` match, returns the newest instead of the oldest.
/// `expiry`: events that have expired are left out (expiry.h).
struct EventQuery {
    RoomId room = 0;
    std::uint64_t after = 0;
    std::uint64_t before = 0;
    std::size_t limit = 0;
    bool keeps_newest = false;
    Expiry expiry = {};
    /// The page ends before the event with which its texts would exceed this many bytes, but has at least one event, so
    /// that a reader always advances. 0: no limit.
    std::size_t max_bytes = 0;
    /// The client, or `kServerAsks` for a page that the server itself needs, also for clients that catch up. Askers are
    /// served round-robin.
    Asker asker = kServerAsks;
};

/// Applies `EventQuery::max_bytes`: a store adds events to a page as long as `take` returns true.
class PageBytes {
public:
    explicit PageBytes(const EventQuery& query) : max_bytes_(query.max_bytes) {}

    bool take(const Event& event);

private:
    const std::size_t max_bytes_;
    std::size_t bytes_ = 0;
};

struct EventPage {
    bool ok = false;      ///< False: the store could not be read; `events` is empty.
    bool is_cut = false;  ///< `max_bytes` ended the page: events of the query are missing, at the end of its direction.
    std::vector<Event> events = {};
    /// The oldest event of the room that is kept and has not expired, independent of `after`, `before` and `limit`;
    /// last seq + 1 if all are removed or expired. 0: another process has deleted the room since the store was opened.
    std::uint64_t first_seq = 1;
};

/// Identifies a send with a client id. A second send with the same key is a repeat.
struct SendKey {
    RoomId room = 0;
    std::string folded_name;
    std::string client_id;

    friend bool operator==(const SendKey&, const SendKey&) = default;
};

struct SendLookup {
    bool ok = false;                          ///< False: the store could not be read.
    std::vector<std::optional<Event>> found;  ///< The stored send for each key, in order.
};

class Store {
public:
    virtual ~Store() = default;

    /// Reads the rooms at start. Blocks. Called once, before any other call.
    /// Errors: throws std::runtime_error with a message for the operator.
    virtual StoredRooms load_rooms() = 0;

    /// Commits a batch. If more than `StoreLimits::queued_bytes` would wait, the batch is dropped and answered
    /// `failed`, in order. `done` MUST NOT throw, here and below.
    virtual void append(StoreBatch batch, BatchDone done) = 0;

    /// Reads a page. Pages wait for lookups and pings, but not the other way around. Every second page that waits is
    /// one of the server; the others are served round-robin by asker, and by room within an asker. If more than
    /// `StoreLimits::queued_reads` would wait, or more than `queued_reads_of_client` for one client, the answer is not
    /// ok.
    virtual void read_events(EventQuery query, std::move_only_function<void(EventPage)> done) = 0;

    /// Whether `append` reports which event repeats a client id, so that new ids need no lookup.
    virtual bool reports_repeats() const { return false; }

    /// Finds the stored sends with these keys. Never waits for a page that waits. If more than
    /// `StoreLimits::queued_reads` would wait, the answer is not ok.
    virtual void find_sends(std::vector<SendKey> keys, std::move_only_function<void(SendLookup)> done) = 0;

    /// How many of a room's newest events the store certainly keeps until they are purged; 0: all.
    virtual std::uint64_t guaranteed_events() const { return 0; }

    /// Checks whether the store can be reached and read now (`/ready`). Limited like `find_sends`.
    virtual void ping(std::move_only_function<void(bool)> done) = 0;

    /// Commits the batches that were accepted, answers all calls, and joins the threads of the store. Called once,
    /// after the core has stopped. A later call is refused, on its caller's thread.
    virtual void stop() = 0;
};

struct StoreLimits {
    std::size_t queued_bytes = std::size_t{64} << 20;  ///< Of unanswered batches, as `queued_bytes` counts them.
    /// Reads that wait for a thread of the store. Counted alone: lookups, pings, pages for the server, those for
    /// clients.
    std::size_t queued_reads = 1024;
    std::size_t queued_reads_of_client = 256;   ///< Pages that wait for one client.
    std::size_t queued_reads_of_network = 512;  ///< Pages that wait for all clients of one network.
};

/// Returns the room of a write.
RoomId room_of(const StoreWrite& write);

/// Returns how many bytes a batch counts against `StoreLimits::queued_bytes`: approximately its memory.
std::size_t queued_bytes(const StoreBatch& batch);

}  // namespace globes::chat
