// Ends the process if a signal stops it while its start hangs. Created and destroyed by serve (server.h) on the main
// thread, which is the one that may hang; it has a thread of its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <thread>

#include "base/mutex.h"
#include "server.h"

namespace globes {

/// Ends the process if a signal stops it while its start hangs, for example because a database does not answer: the
/// starting thread is in a call that cannot be canceled. The effect on data is the same as that of SIGKILL.
class StartGuard {
public:
    /// Runs `context` on its own thread until destruction. `signal`: the signal that has stopped the context, or 0.
    StartGuard(boost::asio::io_context& context, const int& signal, const EndProcess& end_process);
    ~StartGuard();
    StartGuard(const StartGuard&) = delete;
    StartGuard& operator=(const StartGuard&) = delete;

private:
    boost::asio::io_context& context_;
    Mutex mutex_;
    Condition has_ended_;
    bool is_over_ GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace globes
