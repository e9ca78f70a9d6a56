// A store that keeps nothing beyond its own life: for tests, for measuring the rest of the server, and for
// `"Store": "memory"`. Of the port's guarantees it leaves out what a restart would show (4, 9 and that half of 7).
#pragma once

#include <cstddef>
#include <memory>

#include "chat/store.h"

namespace globes::store {

struct MemorySettings {
    chat::StoreLimits limits = {};
    /// Beyond it a room's oldest events go; their seqs stay taken. Half as many are sure to be kept, so that no reader
    /// is shown a history that loses its beginning meanwhile.
    std::size_t events_per_room = 20'000;
};

/// Answers on one thread of its own, as stores on a disk do. Main owns it.
std::unique_ptr<chat::Store> make_memory_store(MemorySettings settings = {});

}  // namespace globes::store
