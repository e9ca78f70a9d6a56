#include "log/recent.h"

namespace globes::log {

void Recent::add(std::uint64_t seq, const Slice& frame) {
    frames_.push_back(frame);
    last_seq_ = seq;
    bytes_ += frame.size;
    budget_.used += frame.size;
    while (!frames_.empty() && (bytes_ > budget_.room_bytes || budget_.used > budget_.total_bytes)) drop_oldest();
}

void Recent::drop_oldest() {
    bytes_ -= frames_.front().size;
    budget_.used -= frames_.front().size;
    frames_.pop_front();
}

std::optional<std::vector<Slice>> Recent::after(std::uint64_t seq) const {
    if (seq > last_seq_ || last_seq_ - seq > frames_.size()) return std::nullopt;
    std::vector<Slice> joined;
    for (auto frame = frames_.end() - static_cast<std::ptrdiff_t>(last_seq_ - seq); frame != frames_.end(); ++frame) {
        // Joins and leaves stand between sends in the log, and are left out here.
        const bool continues =
            !joined.empty() && joined.back().block == frame->block && joined.back().end() == frame->begin;
        if (continues) {
            joined.back().size += frame->size;
        } else {
            joined.push_back(*frame);
        }
    }
    return joined;
}

}  // namespace globes::log
