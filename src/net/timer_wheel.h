// Coarse timers for many connections: a timer wheel with one list for each tick, without allocation; arming and
// canceling take constant time. Owned by a hub, whose thread makes all calls. The caller supplies the time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/thread_owner.h"

namespace globes::net {

/// Ticks since the wheel's thread started. A tick is short compared with every timeout that uses it.
using Tick = std::uint32_t;
inline constexpr std::chrono::milliseconds kTick{250};

/// Converts to ticks, rounded up.
constexpr Tick ticks(std::chrono::milliseconds duration) {
    return static_cast<Tick>((duration.count() + kTick.count() - 1) / kTick.count());
}

class TimerWheel {
public:
    /// The base class of an object with a timer. Its destructor cancels the timer. It may outlive the wheel.
    class Timer {
    public:
        Timer() = default;
        Timer(const Timer&) = delete;
        Timer& operator=(const Timer&) = delete;
        ~Timer() { unlink(); }

        /// Called once for each `arm`, with the due tick.
        virtual void on_timer(Tick now) = 0;

    private:
        friend class TimerWheel;
        void unlink();

        Timer* previous_ = nullptr;
        Timer* next_ = nullptr;
        Tick due_ = 0;
    };

    TimerWheel();
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    Tick now() const { return now_; }
    /// Arms `timer` for `due`, and cancels its earlier due tick. A due tick in the past means the next tick.
    void arm(Timer& timer, Tick due);
    /// Advances to `now` tick by tick and calls the timers that are due. A call may arm or destroy any timer.
    void advance(Tick now);

private:
    struct Head final : Timer {
        Head();
        void on_timer(Tick) override {}
    };
    static constexpr std::size_t kSlots = 256;
    void link(Timer& timer);

    [[no_unique_address]] ThreadOwner thread_;
    std::array<Head, kSlots> slots_;
    Tick now_ = 0;
};

}  // namespace globes::net
