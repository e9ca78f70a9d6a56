// The due times of a steady series: the k-th is due at start + k / rate, regardless of earlier delays. A schedule that
// waits for the server would hide its pauses (coordinated omission).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace globes::bench {

class Pace {
public:
    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

    /// A pace that is never due.
    Pace() = default;
    /// `start_ns`: when the first is due. `per_s` is above 0.
    Pace(std::int64_t start_ns, double per_s) : start_ns_(start_ns), interval_ns_(1e9 / per_s) {}

    std::int64_t next_ns() const {
        if (interval_ns_ == 0) return kNever;
        return start_ns_ + static_cast<std::int64_t>(static_cast<double>(taken_) * interval_ns_);
    }

    /// The intended time of the next one if it is due; call until empty to catch up.
    std::optional<std::int64_t> take(std::int64_t now_ns) {
        const std::int64_t due_ns = next_ns();
        if (due_ns > now_ns) return std::nullopt;
        ++taken_;
        return due_ns;
    }

    std::uint64_t taken() const { return taken_; }

private:
    std::int64_t start_ns_ = 0;
    double interval_ns_ = 0;
    std::uint64_t taken_ = 0;
};

}  // namespace globes::bench
