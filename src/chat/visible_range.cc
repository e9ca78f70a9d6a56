#include "chat/visible_range.h"

namespace globes::chat {
namespace {

constexpr UnixMicros kMicrosPerSecond = 1'000'000;

}  // namespace

RetentionLimits retention_of(const RoomRecord& record, const RetentionLimits& defaults,
                             std::uint64_t guaranteed_events) {
    RetentionLimits limits{.seconds = record.retention_s != 0 ? record.retention_s : defaults.seconds,
                           .events = record.max_events != 0 ? record.max_events : defaults.events};
    if (guaranteed_events != 0 && (limits.events == 0 || limits.events > guaranteed_events))
        limits.events = guaranteed_events;
    return limits;
}

VisibleRange VisibilityFloors::range(std::uint64_t last_seq, const RetentionLimits& limits,
                                     const RetentionNow& now) const {
    VisibleRange range{.first_seq = std::max(stored_, shown_), .last_seq = last_seq};
    if (limits.events != 0 && last_seq > limits.events)
        range.first_seq = std::max(range.first_seq, last_seq - limits.events + 1);
    assert(range.first_seq >= 1 && range.first_seq <= last_seq + 1);
    if (limits.seconds == 0) return range;
    const auto period = static_cast<UnixMicros>(limits.seconds) * kMicrosPerSecond;
    range.expiry = {.now = now.wall, .period = period};
    range.first_seq = std::max(range.first_seq, unexpired_);
    // Does not depend on the wall clock, which may have been wrong when the events were stored.
    const bool is_silent = now.steady - last_stored_at_ >= std::chrono::microseconds(period);
    if (is_silent) range.first_seq = last_seq + 1;
    return range;
}

}  // namespace globes::chat
