// `globes check`: whether a store keeps what src/chat/store.h promises, as far as its reads show.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "chat/store.h"
#include "maintenance/progress.h"

namespace globes::maintenance {

struct CheckReport {
    std::uint64_t rooms = 0;
    std::uint64_t events = 0;
    std::uint64_t faults = 0;
};

/// Reads everything, a page of events at a time: seqs without gap, times that don't go back, sends that are found by
/// their ids and no others by the same, titles and ids of rooms that are given once. `on_fault` gets each fault as a
/// line. Where others write to the store meanwhile, what is said or purged since the start is no fault; a room that is
/// deleted meanwhile may be.
/// `store` was not called yet. Throws std::runtime_error as `load_rooms` does.
CheckReport check_store(chat::Store& store, const std::function<void(const std::string&)>& on_fault,
                        Progress& progress);

}  // namespace globes::maintenance
