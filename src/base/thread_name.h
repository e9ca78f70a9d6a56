// Names threads for tools that inspect the process: top -H, perf, globes-bench.
#pragma once

namespace globes {

/// `name`: at most 15 characters. The calling thread.
void name_this_thread(const char* name);

}  // namespace globes
