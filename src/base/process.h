// This process: its standard descriptors, and its resource usage.
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

/// Reads /proc, so it may block. Any thread that may wait.
ProcessFigures process_figures();

/// Opens standard input, output and error if the parent process has closed them. Otherwise the next file or connection
/// would get one of these descriptors, and messages for the terminal would be written to it. Using a descriptor that
/// was closed still fails. To be called before anything else is opened; throws std::system_error.
void open_standard_descriptors();

}  // namespace globes
