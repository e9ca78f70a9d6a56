#include "chat/expiry.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace globes::chat {

std::vector<std::uint64_t> expiry_samples(SeqRange range) {
    std::vector<std::uint64_t> seqs;
    if (range.first > range.last) return seqs;
    const std::uint64_t count = range.last - range.first + 1;
    for (std::uint64_t offset = 0; offset < std::min<std::uint64_t>(count, kExpiryWindow); ++offset)
        seqs.push_back(range.first + offset);
    for (std::uint64_t offset = kExpiryWindow; offset < count; offset *= 2) seqs.push_back(range.first + offset);
    if (seqs.back() != range.last) seqs.push_back(range.last);
    return seqs;
}

std::uint64_t expired_at_front(SeqRange range, std::span<const std::optional<UnixMicros>> times, const Expiry& expiry) {
    const std::vector<std::uint64_t> seqs = expiry_samples(range);
    assert(times.size() == seqs.size());
    std::uint64_t expired = 0;
    // Whether all events so far are old and in the order of their times. A time in the future is wrong and is ignored.
    bool is_front = true;
    UnixMicros newest = std::numeric_limits<UnixMicros>::min();
    for (std::size_t i = 0; i < seqs.size(); ++i) {
        if (!times[i] || *times[i] > expiry.now) continue;
        const UnixMicros time = *times[i];
        is_front = is_front && expiry.is_old(time) && time >= newest;
        newest = time;
        if (is_front || expiry.is_proof(time)) expired = seqs[i] - range.first + 1;
    }
    return expired;
}

UnixMicros ExpiryClock::now() const {
    const UnixMicros wall = clock_.now_us();
    const auto jump = ahead_by() - ahead_by_;
    return jump > kClockJump ? wall - jump.count() : wall;
}

void ExpiryClock::observe() {
    const auto ahead = ahead_by();
    const auto now = clock_.steady();
    if (ahead > ahead_by_ + kClockJump) {
        if (!jumped_at_) jumped_at_ = now;
        if (now - *jumped_at_ < kJumpAcceptedAfter) return;
    }
    ahead_by_ = ahead;
    jumped_at_.reset();
}

std::chrono::microseconds ExpiryClock::ahead_by() const {
    const auto steady = clock_.steady().time_since_epoch();
    return std::chrono::microseconds(clock_.now_us()) - std::chrono::duration_cast<std::chrono::microseconds>(steady);
}

}  // namespace globes::chat
