// The newest durable frames of a room's log, by their seq: what a reader that was away for a moment gets without a look
// into the store. Owned by the room, core thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ring.h"
#include "log/slice.h"

namespace globes::log {

/// Shared by all rooms of a core: what their recent frames may take together.
struct RecentBudget {
    std::size_t room_bytes = std::size_t{256} << 10;   ///< Of each room.
    std::size_t total_bytes = std::size_t{256} << 20;  ///< Of all; beyond it the room that grows gives up its oldest.
    std::size_t used = 0;
};

class Recent {
public:
    explicit Recent(RecentBudget& budget) : budget_(budget) {}
    ~Recent() { budget_.used -= bytes_; }
    Recent(const Recent&) = delete;
    Recent& operator=(const Recent&) = delete;

    /// `frame`: one frame in its log; `seq` follows the last one added.
    void add(std::uint64_t seq, const Slice& frame);

    /// The frames after `seq`, oldest first, neighbours joined; none where they are not all here any more.
    std::optional<std::vector<Slice>> after(std::uint64_t seq) const;

private:
    void drop_oldest();

    RecentBudget& budget_;
    Ring<Slice> frames_;
    std::uint64_t last_seq_ = 0;  // of the newest frame
    std::size_t bytes_ = 0;
};

}  // namespace globes::log
