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
    std::uint64_t unread = 0;  ///< What was not looked at, because the store could not be read there.
};

/// Where the lines of a check go.
struct CheckLines {
    std::function<void(const std::string&)> on_fault;
    std::function<void(const std::string&)> on_unread;
};

/// Reads everything, a page of events at a time: seqs without gap, sends that are found by their ids and no others by
/// the same, titles and ids of rooms that are given once. Where others write to the store meanwhile, what is said,
/// purged or deleted since the start is no fault.
/// `store` was not called yet. Throws std::runtime_error as `load_rooms` does, and if nothing can be read any more.
CheckReport check_store(chat::Store& store, const CheckLines& lines, Progress& progress);

}  // namespace globes::maintenance
