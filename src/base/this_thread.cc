#include "base/this_thread.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdint>

namespace globes {
namespace {

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

void name_this_thread(const char* name) { ::prctl(PR_SET_NAME, name); }

void prefer_short_timeslice() {
    SchedulingAttributes attributes{};
    // Policy and niceness do not change.
    if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
    attributes.runtime_ns = kTimesliceNs;
    ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace globes
