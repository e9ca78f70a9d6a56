// Finds the oldest event of a room that has not expired by time. Plain functions. Thread: any.
//
// Events are ordered by seq, and their times come from the server's clock. If that clock was wrong for a while, the
// times step back somewhere in the order. So three rules decide which events have expired:
//
//  1. An event expires when it is older than `Expiry::period`.
//  2. An event also expires when a later one does, whatever its own time is, because it was accepted earlier. So an
//     event with a time in the future expires together with its neighbors.
//  3. Rule 2 ignores a later event that is older than two periods: its time must be wrong, because otherwise the events
//     before it would have been removed long ago. So a clock that was years behind (1970) removes nothing.
//
// A removed event cannot be restored, so `ExpiryClock` does not trust a jump ahead of the wall clock at once.
//
// Source: docs/adr/0009-clock.md
#pragma once

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"

namespace globes::chat {

/// How long events are kept, and the current time. If `period` is 0, nothing expires.
struct Expiry {
    UnixMicros now = 0;
    UnixMicros period = 0;

    bool is_on() const { return period > 0 && now > period; }
    UnixMicros not_before() const { return now - period; }
    bool is_old(UnixMicros time) const { return time < not_before(); }
    /// Whether an event of this time proves that all events before it have expired (rules 2 and 3).
    bool is_proof(UnixMicros time) const { return is_old(time) && time >= not_before() - period; }

    friend auto operator<=>(const Expiry&, const Expiry&) = default;
};

/// The seqs `first` to `last`; empty if `first` is `last` + 1.
struct SeqRange {
    std::uint64_t first = 1;
    std::uint64_t last = 0;
};

/// The number of consecutive seqs at the start of a range that are sampled. After these, the distance doubles.
constexpr std::size_t kExpiryWindow = 16;

/// Returns the seqs that one step of `first_unexpired` samples, in ascending order: the first kExpiryWindow, then seqs
/// at distances that double, and the last. Empty if the range is empty.
std::vector<std::uint64_t> expiry_samples(SeqRange range);

/// Returns how many events at the start of the range have expired, according to the samples; 0 ends the search.
/// `times`: one for each of `expiry_samples(range)`, absent if the event does not exist. An absent time is ignored.
std::uint64_t expired_at_front(SeqRange range, std::span<const std::optional<UnixMicros>> times, const Expiry& expiry);

/// Returns the seq of the oldest event in `range` that has not expired, or `range.last` + 1 if all have expired. The
/// number of samples grows with the logarithm of the range. `times_at(seqs)`: returns the times as `expired_at_front`
/// takes them.
template <class TimesAt>
std::uint64_t first_unexpired(SeqRange range, const Expiry& expiry, TimesAt times_at) {
    if (!expiry.is_on()) return range.first;
    while (range.first <= range.last) {
        const std::uint64_t expired = expired_at_front(range, times_at(expiry_samples(range)), expiry);
        if (expired == 0) break;
        assert(expired <= range.last - range.first + 1);
        range.first += expired;
    }
    return range.first;
}

/// The wall clock for expiry. A jump ahead by more than `kClockJump` is accepted only after it has lasted for
/// `kJumpAcceptedAfter` by the monotonic clock; until then, time continues as if it had not happened. A jump back is
/// accepted at once. Thread: one at a time.
class ExpiryClock {
public:
    static constexpr std::chrono::microseconds kClockJump = std::chrono::seconds(10);
    static constexpr std::chrono::microseconds kJumpAcceptedAfter = std::chrono::minutes(10);

    /// `clock` MUST outlive this object.
    explicit ExpiryClock(const Clock& clock) : clock_(clock), ahead_by_(ahead_by()) {}

    /// Returns the time, which is never ahead of the wall clock.
    UnixMicros now() const;
    /// Detects jumps. Call it every few seconds.
    void observe();

private:
    /// How far the wall clock is ahead of the monotonic one.
    std::chrono::microseconds ahead_by() const;

    const Clock& clock_;
    std::chrono::microseconds ahead_by_;  // the accepted value of `ahead_by()`
    std::optional<std::chrono::steady_clock::time_point> jumped_at_;
};

}  // namespace globes::chat
