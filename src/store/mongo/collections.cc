#include "store/mongo/collections.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "base/keyed_hash.h"
#include "base/text.h"
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

Document by_id(chat::RoomId room) {
    Document filter;
    filter.number("_id", room);
    return filter;
}

Document change(const char* how, const Document& fields) {
    Document document;
    document.document(how, fields);
    return document;
}

}  // namespace

WriteResult EventCollection::insert(const Events& events) {
    std::vector<Document> documents;
    documents.reserve(events.size());
    for (const chat::Event* event : events) documents.push_back(event_document(*event, writer_));
    return session_.insert(kEvents, documents);
}

std::unordered_set<const chat::Event*> EventCollection::find_same(const Events& events) {
    std::unordered_map<std::string, const chat::Event*, KeyedHash> wanted;
    for (const chat::Event* event : events) wanted.emplace(event_id(event->room, event->seq), event);
    std::unordered_set<const chat::Event*> same;
    session_.find(kEvents, by_ids(events), Document(), events.size(), [&](const DocumentView& found) {
        const auto event = wanted.find(found.text("_id"));
        if (event != wanted.end() && event_of(found) == *event->second) same.insert(event->second);
    });
    return same;
}

EventCollection::Conflict EventCollection::examine(const chat::Event& event, std::uint64_t purged_seq) {
    Conflict conflict{.kind = ConflictKind::gone};
    Document by_id;
    by_id.text("_id", event_id(event.room, event.seq));
    session_.find(kEvents, by_id, Document(), 1, [&](const DocumentView& found) {
        conflict.kind = event_of(found) == event ? ConflictKind::same_event : ConflictKind::foreign_event;
        conflict.writer = found.number("writer");
    });
    if (conflict.kind != ConflictKind::gone || event.client_id.empty()) return conflict;
    Document by_key;
    by_key.number("room_id", event.room).text("dedupe_key", dedupe_key(fold_case(event.name), event.client_id));
    std::optional<chat::Event> other;
    session_.find(kEvents, by_key, Document(), 1, [&](const DocumentView& found) { other = event_of(found); });
    if (!other) return conflict;
    if (other->seq > purged_seq) return {.kind = ConflictKind::repeated_id};
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

WriteResult RoomIdCounter::raise(Session& session, chat::RoomId next) {
    Document counter;
    counter.text("_id", "next_room_id");
    Document value;
    value.number("value", next);
    const MutexLock lock(mutex_);
    return session.update(kCounters, counter, change("$max", value), true);
}

/// Matches the room's document, unless a newer process has claimed it.
Document RoomCollection::own(chat::RoomId room) const {
    Document not_newer;
    not_newer.number("$lte", fence_.number());
    Document filter = by_id(room);
    filter.document("writer", not_newer);
    return filter;
}

WriteResult RoomCollection::write(const PutRoomDocument& put, chat::RoomId room) {
    if (put.before != nullptr) return update(*put.record, put.version);
    // The counter first: if the process ends in between, an id is skipped, and no id is used twice.
    if (room < chat::kFirstRandomRoomId) {
        const WriteResult counted = room_ids_.raise(session_, room + 1);
        if (counted.status != WriteStatus::acknowledged) return counted;
    }
    const WriteResult forgotten = remove_leftover_events(room);
    return forgotten.status == WriteStatus::acknowledged ? insert(*put.record, put.version, put.purged_seq) : forgotten;
}

/// Removes the remaining events of a deleted room with the same id.
WriteResult RoomCollection::remove_leftover_events(chat::RoomId room) {
    bool is_left_over = false;
    try {
        session_.find(kRemovals, by_id(room), Document(), 1, [&](const DocumentView&) { is_left_over = true; });
    } catch (const DatabaseError& error) {
        return {.status = WriteStatus::not_applied, .cause = error.what()};
    }
    if (!is_left_over) return {};
    Document events;
    events.number("room_id", room);
    const WriteResult removed = session_.remove(kEvents, events);
    return removed.status == WriteStatus::acknowledged ? session_.remove(kRemovals, by_id(room)) : removed;
}

WriteResult RoomCollection::write(const DeleteRoomDocument& /*deletion*/, chat::RoomId room) {
    // First the note that the room's events must be removed. A start ignores the note if the room still exists.
    Document note;
    note.number("room_id", room);
    const WriteResult noted = session_.update(kRemovals, by_id(room), change("$set", note), true);
    return noted.status == WriteStatus::acknowledged ? remove(room) : noted;
}

WriteResult RoomCollection::write(const MarkPurged& purge, chat::RoomId room) {
    Document seq;
    seq.number("purged_seq", purge.through_seq);
    WriteResult result = session_.update(kRooms, own(room), change("$max", seq));
    return result.status == WriteStatus::acknowledged && result.written == 0 ? explain_no_match(room) : result;
}

WriteResult RoomCollection::roll_back(const PutRoomDocument& put, chat::RoomId room) {
    // With a higher version, so that the put changes nothing if it arrives after this.
    if (put.before != nullptr) return update(*put.before, put.version + 1);
    return remove(room);
}

WriteResult RoomCollection::roll_back(const DeleteRoomDocument& deletion, chat::RoomId room) {
    const WriteResult inserted = insert(*deletion.before, deletion.version, deletion.purged_seq);
    return inserted.status == WriteStatus::acknowledged ? session_.remove(kRemovals, by_id(room)) : inserted;
}

WriteResult RoomCollection::insert(const chat::RoomRecord& record, std::uint64_t version, std::uint64_t purged_seq) {
    Document document = by_id(record.id);
    append_room_fields(document, record, version);
    document.number("purged_seq", purged_seq).number("writer", fence_.number());
    WriteResult result = session_.insert(kRooms, std::span(&document, 1));
    if (result.status != WriteStatus::duplicate_key) return result;
    result = compare(record, version, result.cause);
    return result.status == WriteStatus::rejected && record.id == chat::kPublicChatId ? adopt(record, version) : result;
}

/// Takes over the public room, which every process creates if it is absent: an older process created it meanwhile.
WriteResult RoomCollection::adopt(const chat::RoomRecord& record, std::uint64_t version) {
    Document number;
    number.number("writer", fence_.number());
    WriteResult claimed = session_.update(kRooms, by_id(record.id), change("$max", number));
    if (claimed.status != WriteStatus::acknowledged) return claimed;
    Document fields;
    append_room_fields(fields, record, version);
    WriteResult result = session_.update(kRooms, own(record.id), change("$set", fields));
    if (result.status == WriteStatus::duplicate_key) result.status = WriteStatus::rejected;
    if (result.status == WriteStatus::acknowledged && result.written == 0)
        return {.status = WriteStatus::rejected, .cause = "another room has its title"};
    return result;
}

WriteResult RoomCollection::remove(chat::RoomId room) {
    WriteResult result = session_.remove(kRooms, own(room));
    return result.status == WriteStatus::acknowledged && result.written == 0 ? explain_no_match(room) : result;
}

WriteResult RoomCollection::update(const chat::RoomRecord& record, std::uint64_t version) {
    Document older;
    older.number("$lt", version);
    Document filter = own(record.id);
    filter.document("version", older);
    Document fields;
    append_room_fields(fields, record, version);
    WriteResult result = session_.update(kRooms, filter, change("$set", fields));
    if (result.status == WriteStatus::duplicate_key) result.status = WriteStatus::rejected;
    if (result.status == WriteStatus::acknowledged && result.written == 0)
        return compare(record, version, "another version is stored");
    return result;
}

/// Acknowledged if the same record is stored already.
WriteResult RoomCollection::compare(const chat::RoomRecord& record, std::uint64_t version, const std::string& cause) {
    bool is_same = false;
    bool is_claimed = false;
    try {
        session_.find(kRooms, by_id(record.id), Document(), 1, [&](const DocumentView& found) {
            is_claimed = found.number("writer") > fence_.number();
            is_same = found.number("version") == version && room_record_of(found) == record;
        });
        if (is_claimed) return rejected_by_newer();
    } catch (const DatabaseError& error) {
        return {.status = WriteStatus::not_applied, .cause = error.what()};
    }
    return is_same ? WriteResult() : WriteResult{.status = WriteStatus::rejected, .cause = cause};
}

/// Acknowledged if the room does not exist.
WriteResult RoomCollection::explain_no_match(chat::RoomId room) {
    bool is_found = false;
    bool is_own = false;
    try {
        session_.find(kRooms, by_id(room), Document(), 1, [&](const DocumentView& found) {
            is_found = true;
            is_own = found.has("writer") && found.number("writer") <= fence_.number();
        });
        if (!is_found) return {};
        // An earlier call with an unknown outcome may have removed it, but no majority has confirmed that yet.
        return is_own ? WriteResult{.status = WriteStatus::unknown, .cause = "the room is still stored"}
                      : rejected_by_newer();
    } catch (const DatabaseError& error) {
        return {.status = WriteStatus::not_applied, .cause = error.what()};
    }
}

/// Throws DatabaseError.
WriteResult RoomCollection::rejected_by_newer() {
    fence_.look(session_);
    return {.status = WriteStatus::rejected, .cause = "a newer process has claimed the room"};
}

}  // namespace globes::store::mongo
