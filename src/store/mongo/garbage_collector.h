// Removes events that no reader sees any more: purged ones, and those of deleted rooms. Each writer owns one and runs
// it in small steps while it has no other work. Thread: that writer; `add` and `forget` under the mutex of the shared
// state.
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
    /// Drops the ranges of a room that is created again: its creator removes the old events itself.
    void forget(chat::RoomId room);
    bool is_empty() const { return waiting_.empty(); }
    /// The next range, if no active read needs it.
    std::optional<GarbageRange> next() const;
    void end(const GarbageRange& removal);

    /// Removes some events of the range; returns true if no more are left. Without the mutex. Throws DatabaseError.
    static bool collect_some(Session& session, const GarbageRange& removal);

private:
    const CommittedCatalogue& catalogue_;
    std::deque<GarbageRange> waiting_;
};

}  // namespace globes::store::mongo
