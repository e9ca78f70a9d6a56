// Computes which durable events of a room may be shown, from its retention and from known expiries. Values without I/O.
// The room owns the floors. Thread: the core thread.
#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "chat/expiry.h"
#include "chat/room_record.h"

namespace globes::chat {

/// How long, and how many, events of a room are kept; 0: no limit.
struct RetentionLimits {
    std::uint64_t seconds = 0;
    std::uint64_t events = 0;

    bool any() const { return seconds != 0 || events != 0; }
};

/// Returns the limits of a room: those of `record`, or `defaults` for limits that it does not set.
/// `guaranteed_events`: Store::guaranteed_events.
RetentionLimits retention_of(const RoomRecord& record, const RetentionLimits& defaults,
                             std::uint64_t guaranteed_events);

/// The events `first_seq` to `last_seq`, except those that `expiry` proves to have expired. Empty if `first_seq` is
/// `last_seq` + 1.
struct VisibleRange {
    std::uint64_t first_seq = 1;
    std::uint64_t last_seq = 0;
    Expiry expiry = {};

    bool empty() const { return first_seq > last_seq; }
    bool shows(std::uint64_t seq, UnixMicros time) const {
        return seq >= first_seq && !(expiry.is_on() && expiry.is_proof(time));
    }
};

/// The clocks at one moment. `wall`: by ExpiryClock.
struct RetentionNow {
    UnixMicros wall = 0;
    std::chrono::steady_clock::time_point steady = {};
};

/// Floors of a room's visible range: a seq below any of them is not shown. A floor never decreases, so an event that
/// was reported as removed never reappears.
class VisibilityFloors {
public:
    /// `first_stored`: the oldest seq in the store.
    explicit VisibilityFloors(std::uint64_t first_stored) : stored_(first_stored) {}

    /// The oldest seq that the store keeps.
    std::uint64_t stored() const { return stored_; }
    void raise_stored(std::uint64_t seq) {
        assert(seq >= 1);
        stored_ = std::max(stored_, seq);
    }
    /// The oldest seq that had not expired by time when the store was asked last.
    void raise_unexpired(std::uint64_t seq) { unexpired_ = std::max(unexpired_, seq); }
    /// The oldest seq that was visible under an earlier retention.
    void raise_shown(std::uint64_t seq) { shown_ = std::max(shown_, seq); }

    /// `at`: a monotonic time at which the newest event was stored already. All events are hidden one retention period
    /// later, if no newer one is stored.
    void set_last_stored_at(std::chrono::steady_clock::time_point at) { last_stored_at_ = at; }

    /// The store has been asked which events are older than `not_before`. `oldest_time`: of the oldest event that has
    /// not expired; absent if all have.
    void set_expiry_checked(UnixMicros not_before, std::optional<UnixMicros> oldest_time) {
        checked_until_ = not_before;
        oldest_time_ = oldest_time;
    }
    std::optional<UnixMicros> checked_until() const { return checked_until_; }
    std::optional<UnixMicros> oldest_time() const { return oldest_time_; }

    VisibleRange range(std::uint64_t last_seq, const RetentionLimits& limits, const RetentionNow& now) const;

private:
    std::uint64_t stored_;
    std::uint64_t unexpired_ = 1;
    std::uint64_t shown_ = 1;
    std::chrono::steady_clock::time_point last_stored_at_ = {};
    std::optional<UnixMicros> checked_until_ = {};
    std::optional<UnixMicros> oldest_time_ = {};
};

}  // namespace globes::chat
