// The effect of each signal that would end the process by default: one table for the server and the maintenance
// commands. Used by main and the server, on the main thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace globes {

enum class SignalUse : std::uint8_t {
    usual,    ///< The system's default, which ends the process.
    ignored,  ///< Ignored without a log line.
    logged,   ///< Ignored with a log line, because its sender expects an effect.
    reloads,  ///< Reads the certificate again; without one, as `logged`.
    stops,    ///< Stops the server.
};

struct SignalRule {
    int number;
    std::string_view name;
    SignalUse serving;  ///< The effect on the server.
    SignalUse command;  ///< The effect on a maintenance command.
};

/// All signals without the system's default effect, except real-time signals, which the server ignores.
std::span<const SignalRule> signal_rules();

enum class SignalPhase : std::uint8_t {
    serving,  ///< The server starts; SignalWatch handles the signals that stop, reload or are logged.
    command,
    ended,  ///< The server has stopped, and the process is about to exit: signals have no effect any more.
};

/// Sets which signals are ignored, and unblocks all. To be called before the first thread, or for SignalPhase::ended.
void ignore_signals(SignalPhase phase);

/// Handles the signals that stop, reload or are logged while it lives. A signal before its context runs is not lost.
class SignalWatch {
public:
    /// Both are called on the context's thread: `on_stop` once, with the signal's number; `on_reload` returns whether
    /// there is something to read again.
    SignalWatch(boost::asio::io_context& context, std::function<void(int)> on_stop, std::function<bool()> on_reload);
    /// Restores the default effect of the signals that stop.
    ~SignalWatch() = default;
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

private:
    void wait();

    const std::function<void(int)> on_stop_;
    const std::function<bool()> on_reload_;
    boost::asio::signal_set signals_;
};

}  // namespace globes
