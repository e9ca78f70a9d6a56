// What each signal does that would end the process by default: one table for the server and the maintenance commands.
// Used by main and the server, on the main thread.
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
    ignored,  ///< Nobody needs to know.
    logged,   ///< Ignored with a line in the log, for the person who expects something of it.
    stops,    ///< The orderly end.
};

struct SignalRule {
    int number;
    std::string_view name;
    SignalUse serving;  ///< What it does to the server,
    SignalUse command;  ///< and to a maintenance command.
};

/// Every signal that is not left to the system's default, apart from the real-time ones, which the server ignores.
std::span<const SignalRule> signal_rules();

enum class SignalPhase : std::uint8_t {
    serving,  ///< To be called before anything that takes time; what stops or is logged is for SignalWatch to see.
    command,
    ended,  ///< The server has ended in order and its process is about to: no signal changes that any more.
};

/// Sets what is ignored, and blocks nothing. Before the first thread, or for SignalPhase::ended.
void ignore_signals(SignalPhase phase);

/// The signals that the server acts upon, as long as this lives. One that comes before its context runs is not lost.
class SignalWatch {
public:
    /// `on_stop` is called once, on the context's thread, with the signal's number.
    SignalWatch(boost::asio::io_context& context, std::function<void(int)> on_stop);
    /// The next signal that stops has its default effect again.
    ~SignalWatch() = default;
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

private:
    void wait();

    const std::function<void(int)> on_stop_;
    boost::asio::signal_set signals_;
};

}  // namespace globes
