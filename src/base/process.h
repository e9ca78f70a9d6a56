// What the system knows of this process. Any thread; reads /proc, so not on a thread that must not wait.
#pragma once

#include <cstdint>

namespace globes {

struct ProcessFigures {
    double start_time_s = 0;  ///< Since 1970.
    double cpu_s = 0;         ///< Of all threads, user and system.
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;
};

ProcessFigures process_figures();

}  // namespace globes
