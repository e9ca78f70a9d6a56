// The committed state of every room, in memory: this process is the only writer, so no read has to ask the server for
// it. Owned by the store. The committer's thread writes; any thread reads. Readers take their range from here before
// they query, so they see a batch completely or not at all, although its documents are inserted one by one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/keyed_hash.h"
#include "base/mutex.h"
#include "base/thread_owner.h"
#include "chat/store.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

struct RoomState {
    std::shared_ptr<const chat::RoomRecord> record = nullptr;
    std::uint64_t last_seq = 0;
    UnixMicros opening_time = 0;    ///< Time of the event that was the newest when the catalogue was loaded.
    std::uint64_t purged_seq = 0;   ///< Events up to it are hidden from readers; the garbage collector removes them.
    std::uint64_t version = 0;      ///< Of the room's document: a write with a lower version changes nothing.
    std::uint64_t incarnation = 0;  ///< Tells a room from a deleted one that had the same id.
};

/// Events that no reader that starts now can see, but that are still stored.
struct GarbageRange {
    chat::RoomId room = 0;
    std::uint64_t through_seq = 0;
    bool is_whole_room = false;  ///< The room was deleted.
    std::uint64_t epoch = 0;     ///< Reads that began in an earlier epoch may still need the events.
};

class CommittedCatalogue {
public:
    /// The part of a room that a reader may see.
    struct VisibleRange {
        bool is_in_doubt = false;  ///< The outcome of the room's last batch is unknown: no read is possible.
        std::uint64_t purged_seq = 0;
        std::uint64_t last_seq = 0;  ///< 0 if the room does not exist.
    };

    /// Registers a read for its lifetime: the garbage collector keeps what the read may see.
    class ActiveRead {
    public:
        explicit ActiveRead(CommittedCatalogue& catalogue);
        ~ActiveRead();
        ActiveRead(const ActiveRead&) = delete;
        ActiveRead& operator=(const ActiveRead&) = delete;
        VisibleRange range(chat::RoomId room) const;

    private:
        CommittedCatalogue& catalogue_;
        std::uint64_t epoch_;
    };

    /// Makes the calling thread the one that may change the catalogue; the opening thread is before.
    void bind() { thread_.bind(); }

    // Thread: the one that may change it.
    /// Null if the room does not exist. Valid until the next `put` or `erase`.
    const RoomState* find(chat::RoomId room) const;
    void put(chat::RoomId room, RoomState state);
    void erase(chat::RoomId room);
    void mark_in_doubt(chat::RoomId room);
    void clear_in_doubt(std::span<const chat::RoomId> rooms);
    void raise_next_room_id(chat::RoomId next);

    // Thread: any.
    struct EventPosition {
        chat::RoomId room;
        std::uint64_t seq;
        friend bool operator==(const EventPosition&, const EventPosition&) = default;
    };
    /// The event that became visible last. Empty if that event may have been removed since.
    std::optional<EventPosition> newest_event() const;
    chat::StoredRooms rooms() const;
    /// Reads that begin after this call do not see what was erased before it; earlier reads have a lower epoch.
    std::uint64_t next_epoch() const;
    bool has_reads_before(std::uint64_t epoch) const;

private:
    const RoomState* find_locked(chat::RoomId room) const REQUIRES(mutex_);

    [[no_unique_address]] ThreadOwner thread_;

    // Any thread.
    mutable Mutex mutex_;
    std::unordered_map<chat::RoomId, RoomState, KeyedHash> rooms_ GUARDED_BY(mutex_);
    std::unordered_set<chat::RoomId, KeyedHash> in_doubt_ GUARDED_BY(mutex_);
    EventPosition newest_event_ GUARDED_BY(mutex_){};
    chat::RoomId next_room_id_ GUARDED_BY(mutex_) = 1;
    std::uint64_t next_epoch_ GUARDED_BY(mutex_) = 1;
    std::set<std::uint64_t> active_reads_ GUARDED_BY(mutex_);
};

/// Loads all rooms into `catalogue` and returns the garbage that is left from earlier runs. Unless `writer` is 0, each
/// room's document gets that number before it is loaded, so that an older process can no longer change or remove it,
/// and a salt if it has none.
///
/// Thread: the opening thread. Blocks. Throws DatabaseError.
/// Source: docs/adr/0008-mongodb-store.md, "Start"; docs/adr/0011-mongodb-fence.md, "Rooms".
std::vector<GarbageRange> load_catalogue(Session& session, CommittedCatalogue& catalogue, std::uint64_t writer);

}  // namespace globes::store::mongo
