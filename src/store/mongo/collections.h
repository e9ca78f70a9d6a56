// The writes of the collections of rooms and events, with the queries that explain a refusal. Each
// RoomCollection belongs to a writer, whose thread makes all calls.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/mutex.h"
#include "store/mongo/fence.h"
#include "store/mongo/operations.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

/// Why an index refused an event.
enum class ConflictKind : std::uint8_t {
    same_event,     ///< The same event is stored already, by an earlier call with an unknown outcome.
    foreign_event,  ///< Another process stored an event with its seq.
    repeated_id,    ///< Its sender used the same id before.
    gone,           ///< The conflicting event does not exist any more.
};

class EventCollection {
public:
    using Events = std::vector<const chat::Event*>;

    EventCollection(Session& session, std::uint64_t writer) : session_(session), writer_(writer) {
        assert(writer_ != 0);
    }

    WriteResult insert(const Events& events);
    /// The events of `events` that are stored unchanged. Throws DatabaseError.
    std::unordered_set<const chat::Event*> find_same(const Events& events);

    struct Conflict {
        ConflictKind kind;
        std::uint64_t writer = 0;  ///< The number of the process that wrote the conflicting event.
    };
    /// Finds the event that conflicts with `event`, and removes it if it is purged. Throws DatabaseError.
    Conflict examine(const chat::Event& event, std::uint64_t purged_seq);

    /// Throws DatabaseError.
    std::uint64_t newest_seq(chat::RoomId room);
    WriteResult remove(const Events& events);

private:
    Session& session_;
    const std::uint64_t writer_;
};

/// The counter of room ids, one for all writers. FerretDB may carry out `$max` as a read and a write: of two at the
/// same time, the lower value can stay, and an id would be used twice. Thread: any.
class RoomIdCounter {
public:
    /// Raises the stored counter to at least `next`. Waits while another thread raises it.
    WriteResult raise(Session& session, chat::RoomId next) EXCLUDES(mutex_);

private:
    Mutex mutex_;
};

class RoomCollection {
public:
    /// All must outlive it; `fence` has a number.
    RoomCollection(Session& session, Fence& fence, RoomIdCounter& room_ids)
        : session_(session), fence_(fence), room_ids_(room_ids) {
        assert(fence.number() != 0);
    }

    /// Every call may be repeated. The highest version of a room wins, in whatever order writes arrive. Each filter has
    /// the number of this process, so a room that a newer process has claimed is not changed. The result is `rejected`
    /// if another room has the title, or if another process has changed the document; a newer process also closes the
    /// fence.
    WriteResult write(const PutRoomDocument& put, chat::RoomId room);
    WriteResult write(const DeleteRoomDocument& deletion, chat::RoomId room);
    WriteResult write(const MarkPurged& purge, chat::RoomId room);

    /// Restores the state before `write`, whether `write` succeeded or not.
    WriteResult roll_back(const PutRoomDocument& put, chat::RoomId room);
    WriteResult roll_back(const DeleteRoomDocument& deletion, chat::RoomId room);

private:
    WriteResult insert(const chat::RoomRecord& record, std::uint64_t version, std::uint64_t purged_seq);
    WriteResult update(const chat::RoomRecord& record, std::uint64_t version);
    WriteResult remove(chat::RoomId room);
    WriteResult adopt(const chat::RoomRecord& record, std::uint64_t version);
    WriteResult compare(const chat::RoomRecord& record, std::uint64_t version, const std::string& cause);
    WriteResult explain_no_match(chat::RoomId room);
    WriteResult rejected_by_newer();
    Document own(chat::RoomId room) const;
    WriteResult remove_leftover_events(chat::RoomId room);

    Session& session_;
    Fence& fence_;
    RoomIdCounter& room_ids_;
};

}  // namespace globes::store::mongo
