#include "base/clock.h"

#include <fmt/format.h>

#include <charconv>

namespace globes {

UnixMicros SystemClock::now_us() const {
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

std::string format_rfc3339(UnixMicros time) {
    using namespace std::chrono;
    const sys_time<microseconds> instant{microseconds{time}};
    const auto day = floor<days>(instant);
    const year_month_day date{day};
    const hh_mm_ss clock{instant - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<UnixMicros> parse_rfc3339(std::string_view text) {
    using namespace std::chrono;
    // The comparison with the formatted result below rejects signs and digits in other places.
    const auto number = [text](std::size_t at, std::size_t length) {
        int value = 0;
        if (at + length <= text.size()) std::from_chars(text.data() + at, text.data() + at + length, value);
        return value;
    };
    const year_month_day date{year{number(0, 4)}, month{static_cast<unsigned>(number(5, 2))},
                              day{static_cast<unsigned>(number(8, 2))}};
    if (!date.ok()) return std::nullopt;
    const auto instant = sys_days{date} + hours{number(11, 2)} + minutes{number(14, 2)} + seconds{number(17, 2)} +
                         microseconds{number(20, 6)};
    const UnixMicros time = instant.time_since_epoch().count();
    return format_rfc3339(time) == text ? std::optional(time) : std::nullopt;
}

}  // namespace globes
