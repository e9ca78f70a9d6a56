// The server as a whole: store -> core -> I/O threads -> api -> listening, and the same way back. Called by main, on
// the main thread.
#pragma once

#include <functional>
#include <memory>

#include "base/config.h"
#include "base/logging.h"
#include "chat/store.h"

namespace globes {

/// Ends the process at once, as one that the signal of this number has ended in order. Never returns.
using EndProcess = std::function<void(int)>;
using OpenStore = std::function<std::unique_ptr<chat::Store>()>;

/// Serves until a signal ends it in order (signals.h), and returns that signal's number. Prints `Globes <version>
/// started at <address>` on stdout when it accepts connections. Throws std::exception with a message for the operator
/// where it can't start. A signal that comes during the start gives that 3 s to come to its end; then `end_process` is
/// called, on another thread, as this one may be in a call of a database that does not answer.
int serve(const Config& config, const Logging& logging, const OpenStore& open_store, const EndProcess& end_process);

}  // namespace globes
