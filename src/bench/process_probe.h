// CPU time and memory of a process, from outside: the server's and, to know who the bottleneck was, our own.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace globes::bench {

/// CPU time, user and kernel, of all threads since the process began, in ns; -1 if there is no such process.
std::int64_t cpu_time_ns(int pid);

/// The same by the names of its threads, in seconds; those of one name together. Empty if it can't be read.
std::map<std::string, double> cpu_by_thread(int pid);

struct MemoryUse {
    std::int64_t rss_bytes = 0;
    std::int64_t pss_bytes = 0;  ///< Pages shared with other processes count by their share.
};

/// Zeros if it can't be read.
MemoryUse memory_use(int pid);

/// Cores that the process may run on; `pid` 0 is this one.
unsigned usable_cores(int pid);

}  // namespace globes::bench
