// What nobody sees any more and is still on the server: purged events, and those of deleted rooms. A writer removes
// them a few at a time while it has nothing else to do. One writer's thread; `add` and `forget` under the board's
// mutex.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "store/mongo/room_book.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

struct Removal {
    chat::RoomId room = 0;
    std::uint64_t through_seq = 0;
    bool is_whole_room = false;  ///< The room was deleted.
    std::uint64_t ticket = 0;    ///< Reads that began before it may still look at them.
};

class Removals {
public:
    explicit Removals(const RoomBook& book) : book_(book) {}

    void add(Removal removal) { waiting_.push_back(removal); }
    /// The room is made anew, and whoever does that clears the way.
    void forget(chat::RoomId room);
    bool is_empty() const { return waiting_.empty(); }
    /// The next one that no read looks at any more.
    std::optional<Removal> next() const;
    void end(const Removal& removal);

    /// Without the mutex. True: nothing of it is left. Throws CallError.
    static bool remove_some(Session& session, const Removal& removal);

private:
    const RoomBook& book_;
    std::deque<Removal> waiting_;
};

}  // namespace globes::store::mongo
