#include "bench/process_probe.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace globes::bench {

std::int64_t cpu_time_ns(int pid) {
    // The process's CPU clock is utime + stime of /proc/<pid>/stat in ns instead of ticks of 10 ms.
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return -1;
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::map<std::string, double> cpu_by_thread(int pid) {
    std::map<std::string, double> seconds;
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
        std::string name;
        std::int64_t run_ns = 0;
        if (std::getline(std::ifstream(task.path() / "comm"), name) &&
            std::ifstream(task.path() / "schedstat") >> run_ns)
            seconds[name] += static_cast<double>(run_ns) / 1e9;
    }
    return seconds;
}

MemoryUse memory_use(int pid) {
    std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
    MemoryUse use;
    std::string word;
    std::int64_t kilobytes = 0;
    while (file >> word) {
        if (word == "Rss:" && file >> kilobytes) use.rss_bytes = kilobytes * 1024;
        if (word == "Pss:" && file >> kilobytes) use.pss_bytes = kilobytes * 1024;
    }
    return use;
}

unsigned usable_cores(int pid) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (::sched_getaffinity(pid, sizeof cores, &cores) != 0) return 1;
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&cores)));
}

}  // namespace globes::bench
