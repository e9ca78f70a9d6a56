// `globes export`: a store's rooms and events as lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chat/store.h"
#include "maintenance/lines.h"
#include "maintenance/progress.h"

namespace globes::maintenance {

/// How much an export wrote.
struct Exported {
    std::uint64_t rooms = 0;
    std::uint64_t events = 0;
};

/// Writes every room of `store`, or only `room` (an id or a title), with the events that it has now; one page of events
/// is held at a time. Where others write to the store meanwhile, each room is as it was at some moment of the export.
/// `store` was not called yet. Throws std::runtime_error with a message for the operator: there is no such room, the
/// store can't be read, a room was deleted while it was written.
Exported export_rooms(chat::Store& store, const std::optional<std::string>& room, LineWriter& out, Progress& progress);

}  // namespace globes::maintenance
