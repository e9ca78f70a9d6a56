// Coarse timers for many connections: one list per tick, no allocation, arm and cancel in constant time. One thread;
// time comes from outside, so tests need no clock.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/thread_owner.h"

namespace globes::net {

/// Ticks since the wheel's thread started. A tick is short beside every deadline that runs on it.
using Tick = std::uint32_t;
inline constexpr std::chrono::milliseconds kTick{250};

constexpr Tick ticks(std::chrono::milliseconds duration) {
    return static_cast<Tick>((duration.count() + kTick.count() - 1) / kTick.count());
}

class TimerWheel {
public:
    /// What hangs on the wheel; it leaves by itself when it is destroyed.
    class Timer {
    public:
        Timer() = default;
        Timer(const Timer&) = delete;
        Timer& operator=(const Timer&) = delete;
        ~Timer() { unlink(); }

        /// Called once per `arm`, at the due tick or soon after.
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
    /// (Re)arms `timer` for `due`; a due tick that has passed means the next one.
    void arm(Timer& timer, Tick due);
    /// Moves on to `now` and calls what is due. A timer may arm or destroy itself and others meanwhile.
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
