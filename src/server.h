// The server as a whole: starts store, core, I/O threads, API and listeners, and stops them in reverse. Called by main,
// on the main thread.
#pragma once

#include <functional>
#include <memory>

#include "base/config.h"
#include "base/logging.h"
#include "chat/store.h"

namespace globes {

/// Ends the process at once, with the exit code of a normal stop by the signal of this number. Never returns.
using EndProcess = std::function<void(int)>;
using OpenStore = std::function<std::unique_ptr<chat::Store>()>;

/// Serves until a signal stops the server (signals.h), and returns the signal's number. Prints `Globes <version>
/// started at <address>` on stdout when it accepts connections. Throws std::exception with a message for the operator
/// if it cannot start; net::CertificateError if its certificate cannot be used. If a signal arrives during the start,
/// the start gets 3 s to finish. Then `end_process` is called, on another thread, because this one may be waiting for a
/// database that does not answer.
int serve(const Config& config, const Logging& logging, const OpenStore& open_store, const EndProcess& end_process);

}  // namespace globes
