// One run from the first room to the last delivery: rooms, connections, warm-up, measured window, drain.
#pragma once

#include "bench/options.h"
#include "bench/report.h"

namespace globes::bench {

/// Blocks for the whole run. Throws std::exception if it cannot measure: the server is unreachable, connections are
/// refused, or there are too few file descriptors.
Report run(const Options& options);

}  // namespace globes::bench
