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
enum class Taken : std::uint8_t {
    by_itself,   ///< It is there already, from a call that broke off.
    by_another,  ///< Its seq is taken by an event that this process didn't write.
    id_is_used,  ///< Its sender has used its id before.
    by_nothing,  ///< What was in the way is gone.
};

class EventDocuments {
public:
    using Events = std::vector<const chat::Event*>;

    EventDocuments(Session& session, std::uint64_t writer) : session_(session), writer_(writer) {}

    Outcome insert(const Events& events);
    /// Those of `events` that are there as they are. Throws CallError.
    std::unordered_set<const chat::Event*> find_same(const Events& events);

    struct Conflict {
        Taken taken;
        std::uint64_t writer = 0;  ///< Who wrote what is in the way.
    };
    /// Looks at what is in the way of `event`, and removes it where it was purged. Throws CallError.
    Conflict examine(const chat::Event& event, std::uint64_t purged_seq);

    /// Throws CallError.
    std::uint64_t newest_seq(chat::RoomId room);
    Outcome remove(const Events& events);

private:
    Session& session_;
    const std::uint64_t writer_;
};

}  // namespace globes::store::mongo
