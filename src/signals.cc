#include "signals.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace globes {
namespace {

using enum SignalUse;

constexpr SignalRule kRules[] = {
    {SIGTERM, "SIGTERM", stops, usual},
    {SIGINT, "SIGINT", stops, usual},
    // Sent by the init process of a container's host, or by the monitor of an uninterruptible power supply.
    {SIGPWR, "SIGPWR", stops, usual},
    // The soft limit of processor time: the time until the hard limit is enough for a normal stop.
    {SIGXCPU, "SIGXCPU", stops, usual},
    {SIGHUP, "SIGHUP", reloads, usual},
    // Not used. An operator who sends one expects the server to reopen its logs, for example, not to end.
    {SIGUSR1, "SIGUSR1", logged, usual},
    {SIGUSR2, "SIGUSR2", logged, usual},
    // The write that causes the signal also fails, and its error is handled: a closed pipe, or a file at its size
    // limit, which is treated like a full disk.
    {SIGPIPE, "SIGPIPE", ignored, ignored},
    {SIGXFSZ, "SIGXFSZ", ignored, ignored},
    // Globes does not use them, but it inherits timers and descriptors of its parent process.
    {SIGALRM, "SIGALRM", ignored, usual},
    {SIGVTALRM, "SIGVTALRM", ignored, usual},
    {SIGPROF, "SIGPROF", ignored, usual},
    {SIGIO, "SIGIO", ignored, usual},
    {SIGSTKFLT, "SIGSTKFLT", ignored, usual},
};
// These keep their default: SIGKILL, which cannot be changed; SIGQUIT, with which an operator gets a core dump of a
// server that hangs; SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS and SIGTRAP, which indicate a defect.

}  // namespace

std::span<const SignalRule> signal_rules() { return kRules; }

void ignore_signals(SignalPhase phase) {
    for (const SignalRule& rule : kRules) {
        // `logged` and `reloads`: ignored until SignalWatch handles them.
        const bool is_ignored = phase == SignalPhase::ended ||
                                (phase == SignalPhase::serving && rule.serving != usual && rule.serving != stops) ||
                                (phase == SignalPhase::command && rule.command == ignored);
        if (is_ignored) std::signal(rule.number, SIG_IGN);
    }
    // The parent process may have blocked signals; then only SIGKILL would end this process.
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    if (phase == SignalPhase::command) return;
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) std::signal(number, SIG_IGN);
}

SignalWatch::SignalWatch(boost::asio::io_context& context, std::function<void(int)> on_stop,
                         std::function<bool()> on_reload)
    : on_stop_(std::move(on_stop)), on_reload_(std::move(on_reload)), signals_(context) {
    for (const SignalRule& rule : kRules)
        if (rule.serving == stops || rule.serving == reloads || rule.serving == logged) signals_.add(rule.number);
    wait();
}

void SignalWatch::wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
        if (error) return;
        const auto* rule = std::ranges::find(kRules, number, &SignalRule::number);
        if (rule->serving == stops) {
            spdlog::info("event=stopping signal={}", rule->name);
            return on_stop_(number);
        }
        if (rule->serving != reloads || !on_reload_()) spdlog::warn("event=signal_ignored signal={}", rule->name);
        wait();
    });
}

}  // namespace globes
