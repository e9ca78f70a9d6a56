// One connection that writes, and its thread: brings the steps of its share of the rooms to an end, in their order,
// however often the connection breaks meanwhile. While it has nothing to do it removes what was purged and deleted.
// Owned by the store; the committer gives it jobs.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "store/mongo/event_documents.h"
#include "store/mongo/fence.h"
#include "store/mongo/removals.h"
#include "store/mongo/room_documents.h"
#include "store/mongo/session.h"
#include "store/mongo/step.h"

namespace globes::store::mongo {

class RoomWriter {
public:
    /// All of them outlive it; `fence` has a number.
    RoomWriter(const Pool& pool, const std::string& database, Fence& fence, const RoomBook& book, Board& board);

    /// The thread: until the board is stopped.
    void work();

    // Under the board's mutex.
    void start(Job& job) { job_ = &job; }
    Removals& removals() { return removals_; }

private:
    using Steps = std::vector<Step*>;
    using Lock = std::unique_lock<std::mutex>;

    // Under the lock, which they let go of for a call.
    void carry_out(Job& job, Lock& lock);
    static void give_up(Job& job);
    bool may_remove() const { return !removals_.is_empty() && !fence_.is_closed(); }
    void remove_some(Lock& lock);
    void pause(Lock& lock);

    static Steps next_steps(Job& job);

    // Without the lock.
    Outcome write(Job& job, const Steps& steps, bool is_undoing);
    Outcome write_document(Job& job, Step& step, bool is_undoing);
    Outcome insert(Job& job, Steps steps);
    Outcome resolve(Job& job, Step& step);
    void yield(Job& job, const Step& step, std::uint64_t last_seq);
    Outcome repeat(Job& job, const Step& step);
    Outcome refuse(Job& job, const Step& step);
    void end(const Steps& steps, StepState state);

    // Constant after construction.
    Fence& fence_;
    Board& board_;

    // Its thread only.
    Session session_;
    RoomDocuments rooms_;
    EventDocuments events_;

    // Under the board's mutex.
    Job* job_ = nullptr;
    Removals removals_;
};

}  // namespace globes::store::mongo
