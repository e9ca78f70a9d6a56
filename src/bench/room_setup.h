// The rooms of a run: created over HTTP where the protocol has that, invented where any name will do. Before any worker
// starts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/options.h"

namespace globes::bench {

/// The WebSocket path of a room.
std::string room_path(const Options& options, std::string_view room);

/// The name of each room: `options.rooms` first, then the idle one where there are idle connections. Creates
/// `options.empty_rooms` too. Throws std::runtime_error with the server's own words if it refuses.
std::vector<std::string> prepare_rooms(const Options& options);

}  // namespace globes::bench
