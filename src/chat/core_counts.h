// What the core has done and holds, for `GET /metrics`. The core thread writes it at the end of each batch of commands,
// any thread reads.
#pragma once

#include "base/count.h"

namespace globes::chat {

struct CoreCounts {
    // As it is now.
    Count rooms;
    Count members;    ///< In all rooms; whoever has a name in two is counted twice.
    Count in_flight;  ///< Answers that the store owes.

    // Since the start.
    Count sends_stored;
    Count batches_committed;  ///< Of the store's batches; changes of rooms are among them.
    Count batches_failed;
    Count batches_unknown;
    Count replay_reads;  ///< Pages read from the store for whoever catches up.
};

}  // namespace globes::chat
