// This process and the system: its standard descriptors, and what the system knows of it.
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

/// Any thread that may wait: it reads /proc.
ProcessFigures process_figures();

/// Makes standard input, output and error descriptors of something, each that the parent has closed. Otherwise the next
/// file or connection that is opened would be one of them, and what is meant for the terminal would be written there.
/// Writing to one that was closed still fails. To be called before anything is opened; throws std::system_error.
void open_standard_descriptors();

}  // namespace globes
