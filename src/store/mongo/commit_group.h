// Batches that are written together (group commit): their operations, divided among the writers, and the outcome of
// each batch, room by room. Owned by the committer, its thread only; states of operations under the mutex of the shared
// state.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"
#include "base/mutex.h"
#include "store/mongo/garbage_collector.h"
#include "store/mongo/operations.h"

namespace globes::store::mongo {

/// A batch that ended early in a room, because an event has an id that is stored already.
struct Repeat {
    std::size_t batch;          ///< Index in the group.
    std::uint64_t seq;          ///< Of the event with the repeated id.
    std::uint64_t stored_last;  ///< Of the last stored event before it; 0 if no event was stored.
};

/// The operations of a group that one writer carries out.
struct Job {
    std::vector<Operation> operations;
    /// Rooms in which another process has written, with the seq of its newest event.
    std::unordered_map<chat::RoomId, std::uint64_t, KeyedHash> foreign_writes;
    std::unordered_multimap<chat::RoomId, Repeat, KeyedHash> repeats;
    bool is_over = true;
};

/// Shared by the committer and the writers. The mutex also guards the states of operations.
struct SharedState {
    Mutex mutex;
    Condition changed;
    /// No operation is started any more; running ones are abandoned.
    bool is_stopped GUARDED_BY(mutex) = false;

    /// Log one line when the server fails, and one when it works again.
    void note_failure(std::string_view cause) REQUIRES(mutex);
    void note_success() REQUIRES(mutex);

private:
    bool is_failing_ GUARDED_BY(mutex) = false;
};

/// A batch, the callback for its outcome, and the deadline for that.
struct QueuedBatch {
    chat::StoreBatch batch;
    chat::BatchDone done;
    std::chrono::steady_clock::time_point deadline;
    std::size_t bytes = 0;    ///< As counted against StoreLimits::queued_bytes.
    bool is_refused = false;  ///< The batch exceeded that limit and was dropped.
};

struct GroupMember {
    QueuedBatch pending;
    bool is_valid = false;                    ///< The batch breaks no rule of chat::Store.
    std::vector<chat::RoomId> refused = {};   ///< Rooms of the batch that are not written.
    std::vector<RoomChange> changes = {};     ///< Not visible to readers yet.
    std::vector<Operation*> operations = {};  ///< Point into the group's jobs.
    bool is_answered = false;
    bool is_over = false;
};

class CommitGroup {
public:
    explicit CommitGroup(std::size_t writers) : jobs(writers) {}
    // The writers keep pointers to its jobs.
    CommitGroup(const CommitGroup&) = delete;
    CommitGroup& operator=(const CommitGroup&) = delete;

    /// Adds the operations of the batch `number`; empty if it breaks a rule. After `link_operations` operations do not
    /// move any more.
    void add(std::size_t number, std::optional<BatchOperations> plan);
    void link_operations();

    /// For each room of the batch: `committed` if everything is stored; `failed` if nothing is or will be stored, or if
    /// the batch ended at a repeated id; `unknown` otherwise, also while operations run.
    chat::BatchOutcome outcome_of(const GroupMember& member) const;
    /// Removes from `member`, and returns, the changes of rooms whose operations are all done.
    static std::vector<RoomChange> take_done(GroupMember& member);
    /// Cancels the operations of rooms in which nothing was stored or may have been.
    static void cancel_unbegun(GroupMember& member);
    /// Cancels operations of answered batches that turned out never to have been sent.
    void drop_unsent();

    /// The seq of the newest event that another process wrote into the room; 0 if there is no such event.
    std::uint64_t foreign_write(chat::RoomId room) const;
    /// Null if the batch `number` did not end early in the room.
    const Repeat* repeat(std::size_t number, chat::RoomId room) const;
    bool is_answered() const;
    /// All batches are answered, and no writer uses the group any more.
    bool is_over() const;
    /// The writer has unresolved operations of the group.
    bool occupies(std::size_t writer) const;

    std::vector<GroupMember> members;
    std::vector<Job> jobs;                    // one for each writer
    std::vector<GarbageRange> removals = {};  // once it is over
    std::vector<chat::RoomId> in_doubt = {};  // until it is over
};

}  // namespace globes::store::mongo
