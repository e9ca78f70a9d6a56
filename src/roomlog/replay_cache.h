// The newest frames of a room log, so that a client that was disconnected for a short time resumes without a read of
// the store. Owned by the room, core thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/ring.h"
#include "roomlog/log_writer.h"
#include "roomlog/slice.h"

namespace globes::roomlog {

class ReplayCache;

/// The budget of all rooms of a core: bytes of frames, including bookkeeping. The blocks of the room logs that the
/// frames are in take at most the same again.
struct ReplayCacheBudget {
    std::size_t room_bytes = std::size_t{256} << 10;  ///< For each room.
    /// For all rooms. Above it, the rooms that were not used for the longest time drop all of their frames.
    std::size_t total_bytes = std::size_t{64} << 20;
    std::size_t used = 0;
    std::list<ReplayCache*> by_use = {};  ///< The caches with frames, least recently used first.
};

class ReplayCache {
public:
    /// `log`: of the room; its block is released with the last frame. `last_seq`: of the newest event in the store;
    /// `last_time`: its time, absent if the event is not kept.
    ReplayCache(ReplayCacheBudget& budget, LogWriter& log, std::uint64_t last_seq, std::optional<UnixMicros> last_time)
        : budget_(budget), log_(log), dropped_seq_(last_seq), dropped_time_(last_time) {}
    ~ReplayCache() { drop_all(); }
    ReplayCache(const ReplayCache&) = delete;
    ReplayCache& operator=(const ReplayCache&) = delete;

    // These do not throw: without memory for a frame, all frames are dropped.

    /// `frame`: of a durable event, one frame in the log; `seq` follows the last one added.
    void add(std::uint64_t seq, UnixMicros time, const Slice& frame) noexcept;
    /// `frame`: of a live event.
    void add_live(const Slice& frame) noexcept;

    /// The durable frames of after < seq <= until, oldest first, adjacent ones joined; empty if some of them are not
    /// cached any more. `until` is not newer than the last one added.
    std::optional<std::vector<Slice>> durable(std::uint64_t after, std::uint64_t until) const;
    /// The time of the durable event `seq`; absent if it is not cached. Known for every event from the newest dropped
    /// one on.
    std::optional<UnixMicros> time_of(std::uint64_t seq) const;
    bool reaches(Position from) const { return from >= dropped_end_; }
    /// All frames that `reaches` accepts from a position on.
    std::vector<Slice> since(Position from) const;
    /// A client needs these frames: other rooms drop theirs first.
    void note_use() const noexcept;

private:
    struct Frame {
        Slice slice = {};
        std::uint64_t seq = 0;  // the newest seq up to here
        bool is_durable = false;
        UnixMicros time = 0;
    };
    void keep(const Frame& frame) noexcept;
    void drop_oldest();
    void drop_all() noexcept;
    void shrink() noexcept;
    void note_dropped(const Frame& frame);
    std::uint64_t last_seq() const { return frames_.empty() ? dropped_seq_ : frames_.back().seq; }

    ReplayCacheBudget& budget_;
    LogWriter& log_;
    std::list<ReplayCache*> place_{this};  // until it is spliced into `budget_.by_use`, so that this cannot throw
    std::list<ReplayCache*>::iterator in_use_ = place_.begin();
    Ring<Frame> frames_;
    std::uint64_t dropped_seq_;  // the newest seq that is not cached (any more)
    std::optional<UnixMicros> dropped_time_;
    Position dropped_end_ = 0;  // the start of the first cached frame
    std::size_t bytes_ = 0;
};

}  // namespace globes::roomlog
