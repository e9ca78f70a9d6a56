// Injected time: production code reads a Clock, tests set one. The server and each command own one. Thread: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace globes {

/// Microseconds since the Unix epoch, UTC.
using UnixMicros = std::int64_t;

/// Any thread.
class Clock {
public:
    virtual ~Clock() = default;
    /// UTC wall time, which may step back. For what is stored and shown, the expiry of tokens, and retention.
    virtual UnixMicros now_us() const = 0;
    /// Monotonic, for every deadline and rate.
    virtual std::chrono::steady_clock::time_point steady() const = 0;
};

class SystemClock final : public Clock {
public:
    UnixMicros now_us() const override;
    std::chrono::steady_clock::time_point steady() const override { return std::chrono::steady_clock::now(); }
};

/// RFC 3339, UTC, six digits of fraction and `Z`: `2020-12-03T21:23:54.421318Z`.
std::string format_rfc3339(UnixMicros time);

/// Parses exactly the output of `format_rfc3339` for the years 0 to 9999; empty for any other text.
std::optional<UnixMicros> parse_rfc3339(std::string_view text);

}  // namespace globes
