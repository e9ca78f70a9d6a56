// What clients that resume have missed: whether they saw the same events as the store has, and the frames that follow,
// page by page, until they read the live log. Owned by the core, core thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "chat/directory.h"
#include "chat/frame_history.h"
#include "chat/purger.h"

namespace globes::chat {

class CatchUp {
public:
    /// All of them outlive this.
    CatchUp(const Directory& directory, Purger& purger, FrameHistory& history)
        : directory_(directory), purger_(purger), history_(history) {}

    /// The last event that a client has seen. The time tells histories apart that give one seq to different events: a
    /// backup was restored, or the newest events were lost.
    struct LastSeen {
        std::uint64_t seq = 0;
        UnixMicros time = 0;
    };
    enum class SeenCheck : std::uint8_t {
        matches,  ///< The event is stored; or it is not kept any more, or the room does not exist: nothing to compare.
        differs,  ///< Another event has that seq, or no event has it yet.
        unreadable,  ///< The store cannot be read now.
    };
    /// Compares `seen` with what is stored. `done` may be called at once: the newest events are in memory.
    void check_last_seen(RoomId room, const LastSeen& seen, std::move_only_function<void(SeenCheck)> done);

    /// A client that resumes and has caught up to `after`. `until` and `from`: the newest event and the log's end when
    /// it entered.
    struct Reader {
        RoomId room = 0;
        std::uint64_t after = 0;
        std::uint64_t until = 0;
        roomlog::Position from = 0;
    };
    struct Step {
        bool is_ok = false;                       ///< False: the store can't be read now, or the room is gone.
        std::vector<roomlog::Slice> frames = {};  ///< The next ones, in order.
        std::uint64_t after = 0;                  ///< Where the next step begins.
        std::optional<roomlog::Position> live =
            {};  ///< Set with the last step: the reader goes on in the log from there.
    };
    /// Gives every durable event once, and live events only from `from` on, for as long as the log reaches back there.
    void read(const Reader& reader, std::move_only_function<void(Step)> reply);

private:
    void read_visible(const Reader& reader, std::move_only_function<void(Step)> reply);

    const Directory& directory_;
    Purger& purger_;
    FrameHistory& history_;
};

}  // namespace globes::chat
