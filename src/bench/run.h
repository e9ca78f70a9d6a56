// One run from the first room to the last delivery: rooms, connections, warm-up, measured window, drain. Plain
// functions, for the main thread, which coordinates the workers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/options.h"
#include "bench/report.h"

namespace globes::bench {

/// The WebSocket path of a room.
std::string room_path(const Options& options, std::string_view room);

/// The name of each room: `options.rooms` first, then the idle room if there are idle connections. Also creates
/// `options.empty_rooms`. Throws std::runtime_error with the server's answer if it refuses.
std::vector<std::string> prepare_rooms(const Options& options);

/// Blocks for the whole run. Throws std::exception if it cannot measure: the server is unreachable, connections are
/// refused, or there are too few file descriptors.
Report run(const Options& options);

}  // namespace globes::bench
