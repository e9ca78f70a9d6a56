// This process: its standard descriptors, its resource usage, and the name and scheduling of its threads.
#pragma once

#include <cstdint>

namespace globes {

struct ProcessFigures {
    double start_time_s = 0;  ///< Since 1970.
    double cpu_s = 0;         ///< Of all threads, user and system.
    std::uint64_t resident_bytes = 0;
    std::uint64_t allocated_bytes = 0;  ///< Of the heap, those that were not freed; unlike the resident ones, exact.
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;
};

/// Reads /proc and locks each arena of the heap, so it may block. Any thread that may wait.
ProcessFigures process_figures();

/// Opens standard input, output and error if the parent process has closed them. Otherwise the next file or connection
/// would get one of these descriptors, and messages for the terminal would be written to it. Using a descriptor that
/// was closed still fails. To be called before anything else is opened; throws std::system_error.
void open_standard_descriptors();

/// Sets the name that tools show (top -H, perf, globes-bench). `name`: at most 15 characters.
void name_this_thread(const char* name);

/// Requests a short timeslice for the calling thread, which then runs sooner after it wakes up, even if other threads
/// are always busy. For threads that work briefly and wait again. Linux 6.12 and later grant it without a privilege
/// (EEVDF's slice, sched_setattr(2)); on other systems the call has no effect.
void prefer_short_timeslice();

}  // namespace globes
