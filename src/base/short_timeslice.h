// A short timeslice on the processor, for threads that others wait for.
#pragma once

namespace globes {

/// Asks the scheduler for a short timeslice for the calling thread: it runs sooner after it wakes up, also beside
/// threads that are always busy. For threads that work briefly and wait again. Linux 6.12 and later grant it without a
/// privilege (EEVDF's slice, sched_setattr(2)); elsewhere the call has no effect.
void prefer_short_timeslice();

}  // namespace globes
