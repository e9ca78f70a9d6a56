// The reading end of a room's log: the part that a thread still holds for its cursors. One thread, without I/O.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/ring.h"
#include "roomlog/slice.h"

namespace globes::roomlog {

class RetainedLog {
public:
    /// Adds what was appended to the log. `slice` begins where the retained ends, or anywhere if the retained is fresh.
    void extend(const Slice& slice);

    bool empty() const { return slices_.empty(); }
    /// Oldest place that can be read; equal to `end` where nothing is held.
    Position begin() const { return slices_.empty() ? end_ : slices_.front().begin; }
    Position end() const { return end_; }

    /// Fills `views` with the bytes from `from` on, oldest first, and returns how many were filled: fewer than there is
    /// room for means that they reach the end. `from` lies in [begin, end].
    std::size_t gather(Position from, std::span<std::string_view> views) const;

    /// The first frame boundary at or after `at`. `boundary` is one at or before `at`, and both lie in [begin, end].
    Position frame_boundary(Position boundary, Position at) const;

    /// Forgets what no cursor needs: whole slices before `position`.
    void release_before(Position position);

private:
    Ring<Slice>::const_iterator slice_at(Position position) const;

    Ring<Slice> slices_;  // contiguous, oldest first
    Position end_ = 0;
};

}  // namespace globes::roomlog
