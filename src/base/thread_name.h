// Names threads for whoever looks at the process from outside: top -H, perf, globes-bench.
#pragma once

namespace globes {

/// `name`: at most 15 characters. The calling thread.
void name_this_thread(const char* name);

}  // namespace globes
