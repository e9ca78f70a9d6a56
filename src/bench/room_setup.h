// The rooms of a run: created over HTTP if the protocol requires it, otherwise only named. Before any worker starts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/options.h"

namespace globes::bench {

/// The WebSocket path of a room.
std::string room_path(const Options& options, std::string_view room);

/// The name of each room: `options.rooms` first, then the idle room if there are idle connections. Also creates
/// `options.empty_rooms`. Throws std::runtime_error with the server's answer if it refuses.
std::vector<std::string> prepare_rooms(const Options& options);

}  // namespace globes::bench
