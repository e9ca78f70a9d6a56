// The calling thread's name and scheduling.
#pragma once

namespace globes {

/// Sets the name that tools show (top -H, perf, globes-bench). `name`: at most 15 characters.
void name_this_thread(const char* name);

/// Requests a short timeslice for the calling thread, which then runs sooner after it wakes up, even if other threads
/// are always busy. For threads that work briefly and wait again. Linux 6.12 and later grant it without a privilege
/// (EEVDF's slice, sched_setattr(2)); on other systems the call has no effect.
void prefer_short_timeslice();

}  // namespace globes
