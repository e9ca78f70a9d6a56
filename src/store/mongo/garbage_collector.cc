#include "store/mongo/garbage_collector.h"

#include <algorithm>
#include <string>
#include <vector>

#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

// Few enough that the server needs only some milliseconds, so that writes are hardly delayed.
constexpr std::int64_t kEventsAtOnce = 500;

Document by_room(const GarbageRange& removal) {
    Document filter;
    filter.number("_id", removal.room);
    return filter;
}

}  // namespace

void GarbageCollector::forget(chat::RoomId room) {
    std::erase_if(waiting_, [room](const GarbageRange& removal) { return removal.room == room; });
}

std::optional<GarbageRange> GarbageCollector::next() const {
    if (waiting_.empty() || catalogue_.has_reads_before(waiting_.front().epoch)) return std::nullopt;
    return waiting_.front();
}

void GarbageCollector::end(const GarbageRange& removal) {
    const auto is_same = [&](const GarbageRange& one) {
        return one.room == removal.room && one.through_seq == removal.through_seq && one.epoch == removal.epoch;
    };
    if (const auto found = std::ranges::find_if(waiting_, is_same); found != waiting_.end()) waiting_.erase(found);
}

bool GarbageCollector::collect_some(Session& session, const GarbageRange& removal) {
    Document up_to;
    up_to.number("$lte", removal.through_seq);
    Document filter;
    filter.number("room_id", removal.room).document("seq", up_to);
    Document ascending;
    ascending.integer("seq", 1);
    Document id;
    id.integer("_id", 1);
    Document options;
    options.document("sort", ascending).integer("limit", kEventsAtOnce).document("projection", id);
    std::vector<std::string> ids;
    session.find(kEvents, filter, options, kEventsAtOnce,
                 [&](const DocumentView& found) { ids.push_back(found.text("_id")); });
    if (!ids.empty()) {
        Document any;
        any.texts("$in", ids);
        Document events;
        events.document("_id", any);
        const WriteResult removed = session.remove(kEvents, events);
        if (removed.status != WriteStatus::acknowledged) throw DatabaseError(removed.cause, 0, 0);
    }
    if (ids.size() == static_cast<std::size_t>(kEventsAtOnce)) return false;
    if (removal.is_whole_room) {
        const WriteResult ended = session.remove(kRemovals, by_room(removal));
        if (ended.status != WriteStatus::acknowledged) throw DatabaseError(ended.cause, 0, 0);
    }
    return true;
}

}  // namespace globes::store::mongo
