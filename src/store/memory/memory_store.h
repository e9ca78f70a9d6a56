// A store without persistence: for tests, for measuring the rest of the server, and for `"Store": "memory"`. It does
// not give the guarantees of the port that concern a restart (4, 9 and the second half of 7). The caller owns the
// store; any thread calls it, as the port says.
#pragma once

#include <cstddef>
#include <memory>

#include "chat/store.h"

namespace globes::store {

struct MemorySettings {
    chat::StoreLimits limits = {};
    /// Above it, a room's oldest events are dropped; their seqs stay taken. At least half as many are kept, so that a
    /// reader's history does not lose its start meanwhile.
    std::size_t events_per_room = 20'000;
};

/// Answers on its own thread, like stores on a disk.
std::unique_ptr<chat::Store> make_memory_store(MemorySettings settings = {});

}  // namespace globes::store
