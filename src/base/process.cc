#include "base/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

// A sanitizer replaces malloc, so that libc has no statistics.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GLOBES_SANITIZED_HEAP
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GLOBES_SANITIZED_HEAP
#endif
#endif
#ifdef GLOBES_SANITIZED_HEAP
#include <sanitizer/allocator_interface.h>
#endif

namespace globes {
namespace {

/// Clock ticks from the start of the machine to that of this process: the 22nd field of /proc/self/stat (proc(5)).
double start_ticks() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    // The second field is the program's name in parentheses, which may contain any characters.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    for (int number = 3; number <= 21; ++number) fields >> skipped;
    double ticks = 0;
    fields >> ticks;
    return ticks;
}

double seconds_of(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double start_time_s() {
    const double age = seconds_of(CLOCK_BOOTTIME) - start_ticks() / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return seconds_of(CLOCK_REALTIME) - age;
}

std::uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t total_pages = 0;
    std::uint64_t resident_pages = 0;
    file >> total_pages >> resident_pages;
    return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t allocated_bytes() {
#ifdef GLOBES_SANITIZED_HEAP
    return ::__sanitizer_get_current_allocated_bytes();
#else
    const auto heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;  // in the arenas, and mapped one by one
#endif
}

std::uint64_t open_fds() {
    std::error_code error;
    const std::filesystem::directory_iterator files("/proc/self/fd", error);
    const auto count = std::distance(begin(files), end(files));
    return count > 0 ? static_cast<std::uint64_t>(count) - 1 : 0;  // without the descriptor that reads the folder
}

std::uint64_t max_fds() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/// The first version of the kernel's struct (sched_setattr(2)). libc has no such struct, and the kernel's header
/// conflicts with libc's.
struct SchedulingAttributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime_ns;
    std::uint64_t deadline_ns;
    std::uint64_t period_ns;
};

constexpr std::uint64_t kTimesliceNs = 100'000;  // the kernel's minimum

}  // namespace

ProcessFigures process_figures() {
    // Computed once, because later results would drift with the clock.
    static const double started = start_time_s();
    return {.start_time_s = started,
            .cpu_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID),
            .resident_bytes = resident_bytes(),
            .allocated_bytes = allocated_bytes(),
            .open_fds = open_fds(),
            .max_fds = max_fds()};
}

void open_standard_descriptors() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        // `open` returns the lowest free descriptor, which is this one. It is opened in the wrong direction, so that
        // using it still fails.
        if (::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            throw std::system_error(errno, std::generic_category(), "/dev/null");
    }
}

void name_this_thread(const char* name) { ::prctl(PR_SET_NAME, name); }

void prefer_short_timeslice() {
    SchedulingAttributes attributes{};
    // Policy and niceness do not change.
    if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
    attributes.runtime_ns = kTimesliceNs;
    ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace globes
