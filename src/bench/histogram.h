// Durations in a fixed table: every power of two is divided into 128 equal steps. Any value is known within 0.8 %, and
// recording is one increment, for any number of values (the idea of HdrHistogram). One thread each; merged at the end.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace globes::bench {

class Histogram {
public:
    /// Negative values, which a clock may give across cores, count as 0.
    void record(std::int64_t value) {
        const auto amount = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
        ++counts_[index_of(amount)];
        ++count_;
        max_ = std::max(max_, amount);
    }

    void merge(const Histogram& other);

    std::uint64_t count() const { return count_; }
    /// Exact.
    std::uint64_t max() const { return max_; }
    /// The smallest recordable value that at least the share `q` (0..1) of all values does not exceed; 0 without
    /// values.
    std::uint64_t quantile(double q) const;

private:
    static constexpr unsigned kStepBits = 7;
    static constexpr std::size_t kSteps = std::size_t{1} << kStepBits;

    static constexpr unsigned shift_of(std::uint64_t value) {
        const auto width = static_cast<unsigned>(std::bit_width(value));
        return width > kStepBits + 1 ? width - (kStepBits + 1) : 0;
    }
    // Values below 256 have a cell each; above, `value >> shift` lies in 128..255 and each shift adds 128 cells.
    static constexpr std::size_t index_of(std::uint64_t value) {
        const unsigned shift = shift_of(value);
        return shift * kSteps + static_cast<std::size_t>(value >> shift);
    }
    /// The largest value that `index_of` maps to that cell.
    static std::uint64_t upper_bound_of(std::size_t index);

    std::array<std::uint64_t, (64 - kStepBits + 1) * kSteps> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace globes::bench
