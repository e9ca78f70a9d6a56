#include "bench/histogram.h"

#include <cmath>

namespace globes::bench {

void Histogram::merge(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::quantile(double q) const {
    const auto rank =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= rank) return std::min(upper_bound_of(i), max_);
    }
    return max_;
}

std::uint64_t Histogram::upper_bound_of(std::size_t index) {
    const std::size_t shift = index < 2 * kSteps ? 0 : index / kSteps - 1;
    const std::uint64_t step = index - shift * kSteps;
    return ((step + 1) << shift) - 1;
}

}  // namespace globes::bench
