// The catch-up of clients that resume: checks that a client has seen the events that the store has, and returns the
// frames that it has missed, page by page, until it reads the live log. Owned by the core. Thread: the core thread.
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
    /// The arguments MUST outlive this object.
    CatchUp(const Directory& directory, Purger& purger, FrameHistory& history)
        : directory_(directory), purger_(purger), history_(history) {}

    /// The last event that a client has seen. The time reveals that the seq belongs to a different event now,
    /// because a backup was restored or the newest events were lost.
    struct LastSeen {
        std::uint64_t seq = 0;
        UnixMicros time = 0;
    };
    enum class SeenCheck : std::uint8_t {
        matches,     ///< The event is stored. Also if it is not kept any more or the room does not exist.
        differs,     ///< The seq belongs to another event, or to no event yet.
        unreadable,  ///< The store cannot be read now.
    };
    /// Compares `seen` with the stored event. Calls `done` before it returns if no read of the store is needed;
    /// otherwise one event is read. `asker`: the client, as in EventQuery.
    void check_last_seen(RoomId room, const LastSeen& seen, Asker asker, std::move_only_function<void(SeenCheck)> done);

    /// The state of a client that catches up.
    struct Reader {
        RoomId room = 0;
        std::uint64_t after = 0;     ///< It has the events up to this seq.
        std::uint64_t until = 0;     ///< The newest event when it entered the room.
        roomlog::Position from = 0;  ///< The end of the room log when it entered the room.
        Asker asker = kServerAsks;   ///< The client, as in EventQuery.
    };
    struct Step {
        bool is_ok = false;                       ///< False: the store cannot be read now, or the room does not exist.
        std::vector<roomlog::Slice> frames = {};  ///< The next frames, in order.
        std::uint64_t after = 0;                  ///< `Reader::after` for the next step.
        /// Set in the last step: the position from which the client reads the live log.
        std::optional<roomlog::Position> live = {};
    };
    /// Reads the next step. All steps together have every visible durable event once, and the live events after `from`
    /// if the replay cache still reaches back to it in the last step.
    void read(const Reader& reader, std::move_only_function<void(Step)> reply);

private:
    void read_visible(const Reader& reader, std::move_only_function<void(Step)> reply);

    const Directory& directory_;
    Purger& purger_;
    FrameHistory& history_;
};

}  // namespace globes::chat
