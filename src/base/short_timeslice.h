// A short scheduler timeslice, for threads that other threads wait for.
#pragma once

namespace globes {

/// Requests a short timeslice for the calling thread, which then runs sooner after it wakes up, even if other threads
/// are always busy. For threads that work briefly and wait again. Linux 6.12 and later grant it without a privilege
/// (EEVDF's slice, sched_setattr(2)); on other systems the call has no effect.
void prefer_short_timeslice();

}  // namespace globes
