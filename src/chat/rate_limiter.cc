#include "chat/rate_limiter.h"

#include <algorithm>
#include <cassert>

namespace globes::chat {

using namespace std::chrono;

RateVerdict RateLimiter::ask(const RateLimit& limit, TimePoint now) {
    if (limit.per_second == 0) return {};
    assert(limit.burst >= 1);

    const nanoseconds interval = nanoseconds(1s) / limit.per_second;
    const auto full_at = std::max(full_at_, now);
    const auto passes_at = full_at - interval * (limit.burst - 1);
    if (passes_at <= now) {
        full_at_ = full_at + interval;
        return {};
    }
    return refuse(now, ceil<milliseconds>(passes_at - now));
}

RateVerdict RateLimiter::refuse(TimePoint now, milliseconds wait) {
    assert(wait >= 1ms);
    if (window_end_ <= now) {
        window_end_ = now + kRefusalWindow;
        refusals_ = 0;
    }
    ++refusals_;
    return {refusals_ >= kRefusalsToClose ? RateVerdict::Action::close : RateVerdict::Action::refuse,
            static_cast<std::uint32_t>(wait.count())};
}

}  // namespace globes::chat
