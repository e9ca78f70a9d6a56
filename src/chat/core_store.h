// The core's access to the store, and the core's counters. Owned by the core. Thread: the core thread; the answers
// arrive there too.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/mailbox.h"
#include "base/metrics.h"
#include "chat/pending_answer.h"
#include "chat/store.h"

namespace globes::chat {

/// For `GET /metrics`. Thread: the core writes at the end of each batch of commands, any reads.
struct CoreCounts {
    // Current values.
    Count rooms;
    Count members;    ///< The sum over all rooms.
    Count in_flight;  ///< Requests to the store that are not answered yet.

    // Since the start.
    Count sends_stored;
    Count rooms_refused;      ///< Because of CoreSettings::max_rooms.
    Count batches_committed;  ///< Of all batches given to the store; changes of rooms are included.
    Count batches_failed;
    Count batches_unknown;
    Count replay_reads;  ///< Pages read from the store for clients that catch up.
};

class CoreStore {
public:
    /// `store` and `counts` MUST outlive this object.
    CoreStore(Store& store, std::weak_ptr<const CorePost> post, CoreCounts& counts)
        : store_(store), post_(std::move(post)), counts_(counts) {}

    /// Like the functions of Store, but `done` is called on the core thread, and they do not throw: if the store
    /// throws, the outcome is unknown, or the answer is not ok.
    void append(StoreBatch batch, BatchDone done);
    void read_events(const EventQuery& query, std::move_only_function<void(EventPage)> done);
    void find_sends(std::vector<SendKey> keys, std::move_only_function<void(SendLookup)> done);

    std::uint64_t guaranteed_events() const { return store_.guaranteed_events(); }
    bool reports_repeats() const { return store_.reports_repeats(); }
    /// The number of requests that the store has not answered yet.
    std::size_t in_flight() const { return in_flight_; }

private:
    template <class Answer>
    auto answer_here(Answer failure, std::move_only_function<void(Answer)> done);
    void count(const BatchOutcome& outcome);

    Store& store_;
    const std::weak_ptr<const CorePost> post_;
    CoreCounts& counts_;
    std::size_t in_flight_ = 0;
};

}  // namespace globes::chat
