// The reading end of a room log: the part that a thread still holds for its cursors. Owned by the topic. One thread, no
// I/O.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/ring.h"
#include "roomlog/slice.h"

namespace globes::roomlog {

class RetainedLog {
public:
    /// Adds a slice of the log. `slice` begins at the end of the retained log, or anywhere if the retained log is new.
    void extend(const Slice& slice);

    bool empty() const { return slices_.empty(); }
    /// The oldest readable position; equal to `end` if nothing is retained.
    Position begin() const { return slices_.empty() ? end_ : slices_.front().begin; }
    Position end() const { return end_; }

    /// Fills `views` with the bytes from `from` on, oldest first, and returns how many were filled; fewer than its size
    /// means that they reach the end. `from` is in [begin, end].
    std::size_t gather(Position from, std::span<std::string_view> views) const;

    /// The first frame boundary at or after `at`. `boundary` is a boundary at or before `at`, and both are in [begin,
    /// end].
    Position frame_boundary(Position boundary, Position at) const;

    /// Drops slices that no cursor needs: those that end before `position`.
    void release_before(Position position);

private:
    Ring<Slice>::const_iterator slice_at(Position position) const;

    Ring<Slice> slices_;  // contiguous, oldest first
    Position end_ = 0;
};

}  // namespace globes::roomlog
