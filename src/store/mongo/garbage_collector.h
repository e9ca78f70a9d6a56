// What nobody sees any more and is still on the server: purged events, and those of deleted rooms. A writer removes
// them a few at a time while it has nothing else to do. One writer's thread; `add` and `forget` under the board's
// mutex.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "store/mongo/catalogue.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

class GarbageCollector {
public:
    explicit GarbageCollector(const CommittedCatalogue& catalogue) : catalogue_(catalogue) {}

    void add(GarbageRange removal) { waiting_.push_back(removal); }
    /// The room is made anew, and whoever does that clears the way.
    void forget(chat::RoomId room);
    bool is_empty() const { return waiting_.empty(); }
    /// The next one that no read looks at any more.
    std::optional<GarbageRange> next() const;
    void end(const GarbageRange& removal);

    /// Without the mutex. True: nothing of it is left. Throws DatabaseError.
    static bool collect_some(Session& session, const GarbageRange& removal);

private:
    const CommittedCatalogue& catalogue_;
    std::deque<GarbageRange> waiting_;
};

}  // namespace globes::store::mongo
