#include "roomlog/replay_cache.h"

#include <algorithm>
#include <new>
#include <utility>

namespace globes::roomlog {
namespace {

/// Adjacent frames in the log become one slice; joins and leaves between sends may be omitted.
void join(std::vector<Slice>& slices, const Slice& frame) {
    const bool continues = !slices.empty() && slices.back().block == frame.block && slices.back().end() == frame.begin;
    if (continues) {
        slices.back().size += frame.size;
    } else {
        slices.push_back(frame);
    }
}

}  // namespace

void ReplayCache::add(std::uint64_t seq, UnixMicros time, const Slice& frame) noexcept {
    keep({.slice = frame, .seq = seq, .is_durable = true, .time = time});
}

void ReplayCache::add_live(const Slice& frame) noexcept {
    keep({.slice = frame, .seq = last_seq(), .is_durable = false, .time = 0});
}

void ReplayCache::keep(const Frame& frame) noexcept {
    try {
        frames_.push_back(frame);
    } catch (const std::bad_alloc&) {
        drop_all();
        return note_dropped(frame);
    }
    const std::size_t size = frame.slice.size + sizeof frame;
    bytes_ += size;
    budget_.used += size;
    auto& from = place_.empty() ? budget_.by_use : place_;
    budget_.by_use.splice(budget_.by_use.end(), from, in_use_);
    shrink();
}

void ReplayCache::shrink() noexcept {
    while (budget_.used > budget_.total_bytes && budget_.by_use.front() != this) budget_.by_use.front()->drop_all();
    const auto is_too_much = [this] { return bytes_ > budget_.room_bytes || budget_.used > budget_.total_bytes; };
    while (frames_.size() > 1 && is_too_much()) drop_oldest();
    if (is_too_much()) drop_all();
}

void ReplayCache::note_use() const noexcept {
    if (place_.empty()) budget_.by_use.splice(budget_.by_use.end(), budget_.by_use, in_use_);
}

/// Frees the memory of a room that is quiet: the ring of frames and the block of the log, too.
void ReplayCache::drop_all() noexcept {
    if (!place_.empty()) return;
    while (!frames_.empty()) drop_oldest();
    frames_.release();
    log_.release_block();
    place_.splice(place_.end(), budget_.by_use, in_use_);
}

void ReplayCache::drop_oldest() {
    const Frame& oldest = frames_.front();
    const std::size_t size = oldest.slice.size + sizeof oldest;
    bytes_ -= size;
    budget_.used -= size;
    note_dropped(oldest);
    frames_.pop_front();
}

void ReplayCache::note_dropped(const Frame& frame) {
    dropped_seq_ = frame.seq;
    if (frame.is_durable) dropped_time_ = frame.time;
    dropped_end_ = frame.slice.end();
}

std::optional<std::vector<Slice>> ReplayCache::durable(std::uint64_t after, std::uint64_t until) const {
    if (after >= until) return std::vector<Slice>();
    if (after < dropped_seq_) return std::nullopt;
    std::vector<Slice> frames;
    for (auto frame = std::ranges::upper_bound(frames_, after, {}, &Frame::seq);
         frame != frames_.end() && frame->seq <= until; ++frame)
        if (frame->is_durable) join(frames, frame->slice);
    return frames;
}

std::optional<UnixMicros> ReplayCache::time_of(std::uint64_t seq) const {
    if (seq == dropped_seq_) return dropped_time_;
    // Live frames have the seq of the durable one before them.
    const auto frame = std::ranges::lower_bound(frames_, seq, {}, &Frame::seq);
    if (frame == frames_.end() || frame->seq != seq || !frame->is_durable) return std::nullopt;
    return frame->time;
}

std::vector<Slice> ReplayCache::since(Position from) const {
    std::vector<Slice> frames;
    const auto begin_of = [](const Frame& frame) { return frame.slice.begin; };
    for (auto frame = std::ranges::lower_bound(frames_, from, {}, begin_of); frame != frames_.end(); ++frame)
        join(frames, frame->slice);
    return frames;
}

}  // namespace globes::roomlog
