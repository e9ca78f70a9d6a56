// `globes export`: a store's rooms and events as lines. A blocking function, for the thread of the command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chat/store.h"
#include "maintenance/files.h"
#include "maintenance/progress.h"

namespace globes::maintenance {

/// The result of an export.
struct Exported {
    std::uint64_t rooms = 0;
    std::uint64_t events = 0;
};

/// Writes every room of `store`, or only `room` (an id or a title), with its events; keeps one page of events in
/// memory. If others write to the store meanwhile, each room is exported as it was at some moment of the export.
/// `store`: no call was made yet. Throws std::runtime_error with a message for the operator: the room does not exist,
/// the store cannot be read, or a room was deleted during its export.
Exported export_rooms(chat::Store& store, const std::optional<std::string>& room, BufferedLineWriter& out,
                      Progress& progress);

}  // namespace globes::maintenance
