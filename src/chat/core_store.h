// The core's calls of the store: answers come back on the core thread, and the core knows how many it still waits for.
// Owned by the core, core thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "base/mailbox.h"
#include "chat/core_counts.h"
#include "chat/store.h"

namespace globes::chat {

class CoreStore {
public:
    /// `store` and `counts` outlive this. `post` brings a task back to the core thread, from any thread.
    CoreStore(Store& store, std::function<void(Task)> post, CoreCounts& counts)
        : store_(store), post_(std::move(post)), counts_(counts) {}

    /// As the calls of the store, but `done` is called on the core thread.
    void append(StoreBatch batch, BatchDone done);
    void read_events(const EventQuery& query, std::move_only_function<void(EventPage)> done);
    void find_sends(std::vector<SendKey> keys, std::move_only_function<void(SendLookup)> done);

    std::uint64_t sure_events() const { return store_.sure_events(); }
    bool tells_repeats() const { return store_.tells_repeats(); }
    /// Answers that the store owes.
    std::size_t in_flight() const { return in_flight_; }

private:
    template <class Answer, class Done>
    auto answer_here(Done done);
    void count(const BatchOutcome& outcome);

    Store& store_;
    const std::function<void(Task)> post_;
    CoreCounts& counts_;
    std::size_t in_flight_ = 0;
};

}  // namespace globes::chat
