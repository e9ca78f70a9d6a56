// Removes events that no reader sees any more: purged ones, and those of deleted rooms. Each writer owns one and runs
// it in small steps while it has no other work. Thread: any under the mutex of the shared state; `collect_some` without
// the mutex, on the writer's thread.
#pragma once

#include <cassert>
#include <cstdint>
#include <deque>
#include <optional>

#include "store/mongo/catalogue.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

class GarbageCollector {
public:
    explicit GarbageCollector(const CommittedCatalogue& catalogue) : catalogue_(catalogue) {}

    void add(GarbageRange removal) {
        assert(removal.room != 0 && removal.through_seq != 0);
        waiting_.push_back(removal);
    }
    /// Drops the ranges of a room that is created again: its creation removes the old events first.
    void forget(chat::RoomId room);
    bool is_empty() const { return waiting_.empty(); }
    /// The next range, if no active read needs it.
    std::optional<GarbageRange> next() const;
    /// Drops a range whose events are removed.
    void end(const GarbageRange& removal);

    /// Removes some events of the range; returns true if no more are left. Blocks. Throws DatabaseError.
    static bool collect_some(Session& session, const GarbageRange& removal);

private:
    const CommittedCatalogue& catalogue_;
    std::deque<GarbageRange> waiting_;
};

}  // namespace globes::store::mongo
