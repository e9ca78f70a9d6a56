#include "chat/core_store.h"

#include <cassert>
#include <functional>

#include "base/task_boundary.h"

namespace globes::chat {

/// Returns the callback for a question to the store.
template <class Answer>
auto CoreStore::answer_here(Answer failure, std::move_only_function<void(Answer)> done) {
    PendingAnswer<Answer> pending(post_, std::move(failure), [this, done = std::move(done)](Answer answer) mutable {
        assert(in_flight_ > 0);
        --in_flight_;
        done(std::move(answer));
    });
    ++in_flight_;
    return PendingAnswer<Answer>::template callback<Answer>(std::move(pending), std::identity());
}

void CoreStore::append(StoreBatch batch, BatchDone done) {
    auto answer =
        answer_here<BatchOutcome>(CommitOutcome::unknown, [this, done = std::move(done)](BatchOutcome outcome) mutable {
            count(outcome);
            done(std::move(outcome));
        });
    run_task(TaskThread::core, [&] { store_.append(std::move(batch), std::move(answer)); });
}

void CoreStore::read_events(const EventQuery& query, std::move_only_function<void(EventPage)> done) {
    auto answer = answer_here<EventPage>({}, std::move(done));
    run_task(TaskThread::core, [&] { store_.read_events(query, std::move(answer)); });
}

void CoreStore::find_sends(std::vector<SendKey> keys, std::move_only_function<void(SendLookup)> done) {
    auto answer = answer_here<SendLookup>({}, std::move(done));
    run_task(TaskThread::core, [&] { store_.find_sends(std::move(keys), std::move(answer)); });
}

void CoreStore::count(const BatchOutcome& outcome) {
    switch (outcome.without_repeats()) {
        case CommitOutcome::committed:
            return counts_.batches_committed.add();
        case CommitOutcome::failed:
            return counts_.batches_failed.add();
        case CommitOutcome::unknown:
            return counts_.batches_unknown.add();
    }
}

}  // namespace globes::chat
