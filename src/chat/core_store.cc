#include "chat/core_store.h"

#include <cassert>

namespace globes::chat {

/// Returns a callback for a thread of the store. It posts the call of `done` to the core thread.
template <class Answer, class Done>
auto CoreStore::answer_here(Done done) {
    ++in_flight_;
    return [this, done = std::move(done)](Answer answer) mutable {
        post_([this, done = std::move(done), answer = std::move(answer)]() mutable {
            assert(in_flight_ > 0);
            --in_flight_;
            done(std::move(answer));
        });
    };
}

void CoreStore::append(StoreBatch batch, BatchDone done) {
    store_.append(std::move(batch),
                  answer_here<BatchOutcome>([this, done = std::move(done)](BatchOutcome outcome) mutable {
                      count(outcome);
                      done(std::move(outcome));
                  }));
}

void CoreStore::read_events(const EventQuery& query, std::move_only_function<void(EventPage)> done) {
    store_.read_events(query, answer_here<EventPage>(std::move(done)));
}

void CoreStore::find_sends(std::vector<SendKey> keys, std::move_only_function<void(SendLookup)> done) {
    store_.find_sends(std::move(keys), answer_here<SendLookup>(std::move(done)));
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
