// `globes check`: verifies the invariants that src/chat/store.h promises, as far as reads can show them. A blocking
// function, for the thread of the command.
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
    std::uint64_t unread = 0;  ///< Parts that could not be read.
};

/// Receives the lines of a check.
struct CheckLines {
    std::function<void(const std::string&)> on_fault;
    std::function<void(const std::string&)> on_unread;
};

/// Reads everything, a page of events at a time: seqs have no gaps, looking up the id of each send returns this send,
/// titles and ids of rooms are unique, rooms have salts. If others write to the store meanwhile, events that are added,
/// purged or deleted after the start are not faults. `store`: no call was made yet. Throws std::runtime_error as
/// `load_rooms` does, and if nothing can be read any more.
CheckReport check_store(chat::Store& store, const CheckLines& lines, Progress& progress);

}  // namespace globes::maintenance
