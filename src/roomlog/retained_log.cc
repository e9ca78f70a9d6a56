#include "roomlog/retained_log.h"

#include <algorithm>
#include <cassert>

#include "roomlog/slice.h"

namespace globes::roomlog {

void RetainedLog::extend(const Slice& slice) {
    if (!slices_.empty()) {
        assert(slice.begin == end_);
        Slice& last = slices_.back();
        if (last.block == slice.block) {
            last.size += slice.size;
            end_ = slice.end();
            return;
        }
    }
    slices_.push_back(slice);
    end_ = slice.end();
}

std::size_t RetainedLog::gather(Position from, std::span<std::string_view> views) const {
    if (from >= end_) return 0;
    std::size_t filled = 0;
    for (auto slice = slice_at(from); slice != slices_.end() && filled < views.size(); ++slice) {
        views[filled++] = slice->bytes().substr(from - slice->begin);
        from = slice->end();
    }
    return filled;
}

Position RetainedLog::frame_boundary(Position boundary, Position at) const {
    // Frames never cross slices: each append writes whole frames into one block.
    while (boundary < at) {
        const auto slice = slice_at(boundary);
        boundary += frame_size(slice->bytes().substr(boundary - slice->begin));
    }
    return boundary;
}

void RetainedLog::release_before(Position position) {
    while (!slices_.empty() && slices_.front().end() <= position) slices_.pop_front();
}

Ring<Slice>::const_iterator RetainedLog::slice_at(Position position) const {
    assert(position >= begin() && position < end_);
    // Nearly every cursor is in the newest slice.
    if (slices_.back().begin <= position) return slices_.end() - 1;
    return std::upper_bound(slices_.begin(), slices_.end(), position,
                            [](Position at, const Slice& slice) { return at < slice.begin; }) -
           1;
}

}  // namespace globes::roomlog
