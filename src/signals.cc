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
    // From the init of a container's host, or the guard of an emergency supply.
    {SIGPWR, "SIGPWR", stops, usual},
    // The soft limit of processor time: what is left until the hard one is enough for an orderly end.
    {SIGXCPU, "SIGXCPU", stops, usual},
    // They have no meaning yet. Whoever sends one expects a server to reload or to reopen its logs, not to end.
    {SIGHUP, "SIGHUP", logged, usual},
    {SIGUSR1, "SIGUSR1", logged, usual},
    {SIGUSR2, "SIGUSR2", logged, usual},
    // The call that they come with fails too, and is the one to be looked at: a reader that has gone, a file at its
    // limit, which is a full disk.
    {SIGPIPE, "SIGPIPE", ignored, ignored},
    {SIGXFSZ, "SIGXFSZ", ignored, ignored},
    // Nothing here asks for them, but timers and descriptors of a parent survive into this program.
    {SIGALRM, "SIGALRM", ignored, usual},
    {SIGVTALRM, "SIGVTALRM", ignored, usual},
    {SIGPROF, "SIGPROF", ignored, usual},
    {SIGIO, "SIGIO", ignored, usual},
    {SIGSTKFLT, "SIGSTKFLT", ignored, usual},
};
// Left to the default: SIGKILL, which nobody can change; SIGQUIT, by which an operator gets a core dump of a server
// that hangs; SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS and SIGTRAP, which tell of a defect.

}  // namespace

std::span<const SignalRule> signal_rules() { return kRules; }

void ignore_signals(SignalPhase phase) {
    for (const SignalRule& rule : kRules) {
        // What is logged has no one yet to log it.
        const bool is_ignored =
            phase == SignalPhase::ended ||
            (phase == SignalPhase::serving && (rule.serving == ignored || rule.serving == logged)) ||
            (phase == SignalPhase::command && rule.command == ignored);
        if (is_ignored) std::signal(rule.number, SIG_IGN);
    }
    // A careless parent may have blocked some, and then only SIGKILL would end the process.
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    if (phase == SignalPhase::command) return;
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) std::signal(number, SIG_IGN);
}

SignalWatch::SignalWatch(boost::asio::io_context& context, std::function<void(int)> on_stop)
    : on_stop_(std::move(on_stop)), signals_(context) {
    for (const SignalRule& rule : kRules)
        if (rule.serving == stops || rule.serving == logged) signals_.add(rule.number);
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
        spdlog::warn("event=signal_ignored signal={}", rule->name);
        wait();
    });
}

}  // namespace globes
