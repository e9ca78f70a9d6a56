// One run from the first room to the last delivery: rooms, connections, warm-up, measured window, drain.
#pragma once

#include "bench/options.h"
#include "bench/report.h"

namespace globes::bench {

/// Blocks for the whole run. Throws std::exception where there is nothing to measure: no server, refused connections,
/// too few file descriptors.
Report run(const Options& options);

}  // namespace globes::bench
