// CPU time and memory of a process, measured from outside: the server's, and our own to detect a client bottleneck.
// Plain functions, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace globes::bench {

/// CPU time, user and kernel, of all threads since the process started, in ns; -1 if the process does not exist.
std::int64_t cpu_time_ns(int pid);

/// CPU time by thread name, in seconds, summed for equal names. Empty if it cannot be read.
std::map<std::string, double> cpu_by_thread(int pid);

struct MemoryUse {
    std::int64_t rss_bytes = 0;
    std::int64_t pss_bytes = 0;  ///< Shared pages count proportionally.
};

/// Zeros if it cannot be read.
MemoryUse memory_use(int pid);

/// Cores that the process may run on; `pid` 0 is this one.
unsigned usable_cores(int pid);

}  // namespace globes::bench
