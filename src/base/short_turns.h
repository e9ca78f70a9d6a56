// Turns on a processor, for threads that others wait for.
#pragma once

namespace globes {

/// Asks the system to let the calling thread on its processor soon after it wakes up, beside threads that are always
/// busy, in return for short turns. For threads that do a little and wait again. Linux 6.12 and later do it without any
/// privilege (EEVDF's slice, sched_setattr(2)); where the system does not, nothing happens.
void prefer_short_turns();

}  // namespace globes
