#include "store/mongo/event_documents.h"

#include <unordered_map>

#include "base/unicode.h"
#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

Document by_ids(const EventCollection::Events& events) {
    std::vector<std::string> ids;
    ids.reserve(events.size());
    for (const chat::Event* event : events) ids.push_back(event_id(event->room, event->seq));
    Document any;
    any.texts("$in", ids);
    Document filter;
    filter.document("_id", any);
    return filter;
}

}  // namespace

WriteResult EventCollection::insert(const Events& events) {
    std::vector<Document> documents;
    documents.reserve(events.size());
    for (const chat::Event* event : events) documents.push_back(event_document(*event, writer_));
    return session_.insert(kEvents, documents);
}

std::unordered_set<const chat::Event*> EventCollection::find_same(const Events& events) {
    std::unordered_map<std::string, const chat::Event*> wanted;
    for (const chat::Event* event : events) wanted.emplace(event_id(event->room, event->seq), event);
    std::unordered_set<const chat::Event*> same;
    session_.find(kEvents, by_ids(events), Document(), events.size(), [&](const DocumentView& found) {
        const auto event = wanted.find(found.text("_id"));
        if (event != wanted.end() && event_of(found) == *event->second) same.insert(event->second);
    });
    return same;
}

EventCollection::Conflict EventCollection::examine(const chat::Event& event, std::uint64_t purged_seq) {
    Conflict conflict{.taken = ConflictKind::gone};
    Document by_id;
    by_id.text("_id", event_id(event.room, event.seq));
    session_.find(kEvents, by_id, Document(), 1, [&](const DocumentView& found) {
        conflict.taken = event_of(found) == event ? ConflictKind::same_event : ConflictKind::foreign_event;
        conflict.writer = found.number("writer");
    });
    if (conflict.taken != ConflictKind::gone || event.client_id.empty()) return conflict;
    Document by_key;
    by_key.number("room_id", event.room).text("dedupe_key", dedupe_key(fold_case(event.name), event.client_id));
    std::optional<chat::Event> other;
    session_.find(kEvents, by_key, Document(), 1, [&](const DocumentView& found) { other = event_of(found); });
    if (!other) return conflict;
    if (other->seq > purged_seq) return {.taken = ConflictKind::repeated_id};
    const WriteResult removed = remove({&*other});
    if (removed.status != WriteStatus::acknowledged) throw DatabaseError(removed.cause, 0, 0);
    return conflict;
}

std::uint64_t EventCollection::newest_seq(chat::RoomId room) {
    Document filter;
    filter.number("room_id", room);
    Document down;
    down.integer("seq", -1);
    Document options;
    options.document("sort", down).integer("limit", 1);
    std::uint64_t seq = 0;
    session_.find(kEvents, filter, options, 1, [&](const DocumentView& found) { seq = found.number("seq"); });
    return seq;
}

WriteResult EventCollection::remove(const Events& events) { return session_.remove(kEvents, by_ids(events)); }

}  // namespace globes::store::mongo
