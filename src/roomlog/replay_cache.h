// The newest frames of a room's log: what a reader that was away for a moment gets without a look into the store. Owned
// by the room, core thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/ring.h"
#include "roomlog/slice.h"

namespace globes::roomlog {

/// Shared by all rooms of a core: what their recent frames may take together, with what is kept about each.
struct ReplayCacheBudget {
    std::size_t room_bytes = std::size_t{256} << 10;   ///< Of each room.
    std::size_t total_bytes = std::size_t{256} << 20;  ///< Of all; beyond it the room that grows gives up its oldest.
    std::size_t used = 0;
};

class ReplayCache {
public:
    /// `last_seq`: of the newest event in the store; `last_time`: its time, absent if the event is not kept.
    ReplayCache(ReplayCacheBudget& budget, std::uint64_t last_seq, std::optional<UnixMicros> last_time)
        : budget_(budget), dropped_seq_(last_seq), dropped_time_(last_time) {}
    ~ReplayCache() { budget_.used -= bytes_; }
    ReplayCache(const ReplayCache&) = delete;
    ReplayCache& operator=(const ReplayCache&) = delete;

    /// `frame`: of a durable event, one frame in the log; `seq` follows the last one added.
    void add(std::uint64_t seq, UnixMicros time, const Slice& frame);
    /// `frame`: of an event that is live only.
    void add_live(const Slice& frame);

    /// The durable frames of after < seq <= until, oldest first, neighbours joined; none where they are not all here
    /// any more. `until` is not newer than the last one added.
    std::optional<std::vector<Slice>> durable(std::uint64_t after, std::uint64_t until) const;
    /// The time of the durable event `seq`; absent if it is not known here. Known for every event from the newest one
    /// that was dropped on.
    std::optional<UnixMicros> time_of(std::uint64_t seq) const;
    bool reaches(Position from) const { return from >= dropped_end_; }
    /// All frames from a place in the log on that `reaches`.
    std::vector<Slice> since(Position from) const;

private:
    struct Frame {
        Slice slice = {};
        std::uint64_t seq = 0;  // the newest one up to here
        bool is_durable = false;
        UnixMicros time = 0;
    };
    void keep(Frame frame);
    void drop_oldest();
    std::uint64_t last_seq() const { return frames_.empty() ? dropped_seq_ : frames_.back().seq; }

    ReplayCacheBudget& budget_;
    Ring<Frame> frames_;
    std::uint64_t dropped_seq_;  // the newest one that is not here (any more)
    std::optional<UnixMicros> dropped_time_;
    Position dropped_end_ = 0;  // where the first frame here begins
    std::size_t bytes_ = 0;
};

}  // namespace globes::roomlog
