// The server as a whole: store -> core -> I/O threads -> api -> listening, and the same way back. Called by main, on
// the main thread.
#pragma once

#include <functional>
#include <memory>

#include "base/config.h"
#include "chat/store.h"

namespace globes {

using OpenStore = std::function<std::unique_ptr<chat::Store>()>;

/// Serves until a signal ends it in order (signals.h), and returns that signal's number. Prints `Globes <version>
/// started at <address>` on stdout when it accepts connections. Throws std::exception with a message for the operator
/// where it can't start.
int serve(const Config& config, const OpenStore& open_store);

}  // namespace globes
