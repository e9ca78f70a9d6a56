// Batches that are written together: their steps, shared out over the writers, and what became of each batch, room by
// room. Made and ended by the committer; its thread only, the states of steps under the board's mutex.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/mongo/garbage_collector.h"
#include "store/mongo/operations.h"

namespace globes::store::mongo {

/// A batch ended early in a room, because an event repeats an id that is stored.
struct Repeat {
    std::size_t batch;          ///< Of the group.
    std::uint64_t seq;          ///< Of the event that repeats it.
    std::uint64_t stored_last;  ///< The last of those before it, which are there; 0: there is none.
};

/// One writer's share of a group.
struct Job {
    std::vector<Operation> operations;
    /// Rooms that turned out to hold events of another process, and the newest of those.
    std::unordered_map<chat::RoomId, std::uint64_t> foreign_writes;
    std::unordered_multimap<chat::RoomId, Repeat> repeats;
    bool is_over = true;
};

/// What the committer and the writers share.
struct SharedState {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_stopped = false;  ///< Nobody begins anything any more; what is under way is left as it is.

    /// One line when the server fails, one when it is back. Under the mutex.
    void note_failure(std::string_view cause);
    void note_success();

private:
    bool is_failing_ = false;
};

/// A batch with whom to tell what became of it, and when at the latest.
struct QueuedBatch {
    chat::StoreBatch batch;
    chat::BatchDone done;
    std::chrono::steady_clock::time_point deadline;
    std::size_t bytes = 0;    ///< As they count against StoreLimits::queued_bytes.
    bool is_refused = false;  ///< Was beyond that limit, and is empty.
};

struct GroupMember {
    QueuedBatch pending;
    bool is_valid = false;                    ///< Breaks no rule.
    std::vector<chat::RoomId> refused = {};   ///< Rooms of it in which nothing is done.
    std::vector<RoomChange> changes = {};     ///< Those that are not visible yet.
    std::vector<Operation*> operations = {};  ///< Of the group's jobs.
    bool is_answered = false;
    bool is_over = false;
};

class CommitGroup {
public:
    explicit CommitGroup(std::size_t writers) : jobs(writers) {}
    // The writers hold on to its jobs.
    CommitGroup(const CommitGroup&) = delete;
    CommitGroup& operator=(const CommitGroup&) = delete;

    /// Adds what `plan` says of the member `number`; nothing: it breaks a rule. The steps stay where they are once
    /// `link_operations` was called.
    void add(std::size_t number, std::optional<BatchOperations> plan);
    void link_operations();

    /// Each room of the batch: committed where all is there, failed where nothing is and nothing more comes, or where
    /// it ended at a repeated id. Rooms whose steps are not over are `unknown`.
    chat::BatchOutcome outcome_of(const GroupMember& member) const;
    /// Takes the effects out of `member` whose rooms have all of theirs.
    static std::vector<RoomChange> take_done(GroupMember& member);
    /// Cancels what was not begun in rooms of which nothing may be there.
    static void cancel_unbegun(GroupMember& member);
    /// What was given up while the driver looked for a server, and never sent, is dropped.
    void drop_unsent();

    /// The newest event of another process that the room turned out to hold; 0: none did.
    std::uint64_t foreign_write(chat::RoomId room) const;
    /// Where the batch `number` ended early in the room; null if it did not.
    const Repeat* repeat(std::size_t number, chat::RoomId room) const;
    bool is_answered() const;
    /// Nobody waits for it, and no writer looks at it any more.
    bool is_over() const;
    /// The writer has something of it that is not brought to its end.
    bool occupies(std::size_t writer) const;

    std::vector<GroupMember> members;
    std::vector<Job> jobs;                    // one for each writer
    std::vector<GarbageRange> removals = {};  // once it is over
    std::vector<chat::RoomId> in_doubt = {};  // until it is over
};

}  // namespace globes::store::mongo
