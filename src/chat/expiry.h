// Where a room's history begins once some of its events have expired by time. Plain functions, any thread.
//
// Events stand in the order of their seq; their times are what the server's clock said. A clock that was wrong for a
// while leaves times that step back, so the oldest event that has not expired is no matter of one comparison:
//
//  1. An event expires when it is older than `Expiry::period`.
//  2. It expires, too, when a later event does: it was accepted before that one, whatever its time says. So an event
//     that the clock dated ahead goes with its neighbours.
//  3. But an event that is older than two periods proves nothing about younger ones before it: its own time must be
//     wrong, or they would have gone with it long ago. So a clock that was years behind (1970) removes nothing.
//
// And the clock that says what is old is itself not believed at once when it jumps ahead: what is removed is gone.
//
// docs/adr/0009-clock.md has the reasons.
#pragma once

#include <chrono>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"

namespace globes::chat {

/// How long events are kept, and until when. Nothing expires where `period` is 0.
struct Expiry {
    UnixMicros now = 0;
    UnixMicros period = 0;

    bool is_on() const { return period > 0 && now > period; }
    UnixMicros not_before() const { return now - period; }
    bool is_old(UnixMicros time) const { return time < not_before(); }
    /// That of an event that is old by its own time, but not so old that the time must be wrong.
    bool is_proof(UnixMicros time) const { return is_old(time) && time >= not_before() - period; }

    friend auto operator<=>(const Expiry&, const Expiry&) = default;
};

/// What a room keeps; nothing where `first` is `last` + 1.
struct SeqRange {
    std::uint64_t first = 1;
    std::uint64_t last = 0;
};

/// How many seqs in a row are looked at from the oldest one on; further ones are looked at in steps that double.
constexpr std::size_t kExpiryWindow = 16;

/// The seqs that one step of `first_unexpired` looks at, in ascending order: dense at the beginning of the range,
/// ever wider apart behind it, and its last.
std::vector<std::uint64_t> expiry_samples(SeqRange range);

/// How many events at the beginning of the range have expired, as far as `times`, of the events at
/// `expiry_samples(range)`, tell; 0 ends the search. A sample without an event tells nothing.
std::uint64_t expired_at_front(SeqRange range, std::span<const std::optional<UnixMicros>> times, const Expiry& expiry);

/// The oldest event of `range` that has not expired; `range.last` + 1 where all have. Looks at a number of events that
/// grows with the logarithm of the range. `times_at(seqs)`: a time, or nothing, for each of `seqs`.
template <class TimesAt>
std::uint64_t first_unexpired(SeqRange range, const Expiry& expiry, TimesAt times_at) {
    if (!expiry.is_on()) return range.first;
    while (range.first <= range.last) {
        const std::uint64_t expired = expired_at_front(range, times_at(expiry_samples(range)), expiry);
        if (expired == 0) break;
        range.first += expired;
    }
    return range.first;
}

/// The wall clock for expiry. A jump ahead of more than `kClockJump` counts only when it has lasted for
/// `kJumpBelievedAfter` by the monotonic clock; until then time goes on from before it. A jump back counts at once.
/// One thread at a time.
class ExpiryClock {
public:
    static constexpr std::chrono::microseconds kClockJump = std::chrono::seconds(10);
    static constexpr std::chrono::microseconds kJumpBelievedAfter = std::chrono::minutes(10);

    /// `clock` outlives it.
    explicit ExpiryClock(const Clock& clock) : clock_(clock), ahead_by_(ahead_by()) {}

    /// Never ahead of the wall clock.
    UnixMicros now() const;
    /// Looks for jumps; to be called every few seconds.
    void observe();

private:
    /// How far the wall clock is ahead of the monotonic one.
    std::chrono::microseconds ahead_by() const;

    const Clock& clock_;
    std::chrono::microseconds ahead_by_;  // as far as it is believed
    std::optional<std::chrono::steady_clock::time_point> jumped_at_;
};

}  // namespace globes::chat
