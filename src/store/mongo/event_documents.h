// The documents of events: inserted in order, and what there is to know where an index refuses one. One writer's
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/mongo/session.h"

namespace globes::store::mongo {

/// Why an event was refused as a duplicate.
enum class ConflictKind : std::uint8_t {
    same_event,     ///< It is there already, from a call that broke off.
    foreign_event,  ///< Its seq is taken by an event that this process didn't write.
    repeated_id,    ///< Its sender has used its id before.
    gone,           ///< What was in the way is gone.
};

class EventCollection {
public:
    using Events = std::vector<const chat::Event*>;

    EventCollection(Session& session, std::uint64_t writer) : session_(session), writer_(writer) {}

    WriteResult insert(const Events& events);
    /// Those of `events` that are there as they are. Throws DatabaseError.
    std::unordered_set<const chat::Event*> find_same(const Events& events);

    struct Conflict {
        ConflictKind taken;
        std::uint64_t writer = 0;  ///< Who wrote what is in the way.
    };
    /// Looks at what is in the way of `event`, and removes it where it was purged. Throws DatabaseError.
    Conflict examine(const chat::Event& event, std::uint64_t purged_seq);

    /// Throws DatabaseError.
    std::uint64_t newest_seq(chat::RoomId room);
    WriteResult remove(const Events& events);

private:
    Session& session_;
    const std::uint64_t writer_;
};

}  // namespace globes::store::mongo
