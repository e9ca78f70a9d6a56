#include "store/mongo/room_documents.h"

#include <fmt/format.h>

#include <utility>

#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

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

/// The room's document, unless a newer process has it.
Document RoomCollection::own(chat::RoomId room) const {
    Document not_newer;
    not_newer.number("$lte", fence_.number());
    Document filter = by_id(room);
    filter.document("writer", not_newer);
    return filter;
}

WriteResult RoomCollection::write(const PutRoomDocument& put, chat::RoomId room) {
    if (put.before != nullptr) return update(*put.record, put.version);
    // The counter first: where this ends in between, a number is skipped and none is given twice.
    if (room < chat::kFirstRandomRoomId) {
        Document counter;
        counter.text("_id", "next_room_id");
        Document next;
        next.number("value", room + 1);
        const WriteResult counted = session_.update(kCounters, counter, change("$max", next), true);
        if (counted.status != WriteStatus::acknowledged) return counted;
    }
    const WriteResult forgotten = remove_leftover_events(room);
    return forgotten.status == WriteStatus::acknowledged ? insert(*put.record, put.version, put.purged_seq) : forgotten;
}

/// Of a deleted room that had this id nothing may come back.
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
    // First the note that its events are to go: whoever finds the room beside it ignores it.
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
    // One version further: should the put arrive after all, it comes too late.
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

/// The room that each process makes where it is missing: an older one has made it since this one looked.
WriteResult RoomCollection::adopt(const chat::RoomRecord& record, std::uint64_t version) {
    Document number;
    number.number("writer", fence_.number());
    const WriteResult claimed = session_.update(kRooms, by_id(record.id), change("$max", number));
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
        return compare(record, version, "another version is there");
    return result;
}

/// Done where it is what is there already.
WriteResult RoomCollection::compare(const chat::RoomRecord& record, std::uint64_t version, const std::string& cause) {
    bool is_same = false;
    bool is_newers = false;
    try {
        session_.find(kRooms, by_id(record.id), Document(), 1, [&](const DocumentView& found) {
            is_newers = found.number("writer") > fence_.number();
            is_same = found.number("version") == version && room_of(found) == record;
        });
        if (is_newers) return rejected_by_newer();
    } catch (const DatabaseError& error) {
        return {.status = WriteStatus::not_applied, .cause = error.what()};
    }
    return is_same ? WriteResult() : WriteResult{.status = WriteStatus::rejected, .cause = cause};
}

/// Done where the room is not there.
WriteResult RoomCollection::explain_no_match(chat::RoomId room) {
    bool is_there = false;
    bool is_own = false;
    try {
        session_.find(kRooms, by_id(room), Document(), 1, [&](const DocumentView& found) {
            is_there = true;
            is_own = found.has("writer") && found.number("writer") <= fence_.number();
        });
        if (!is_there) return {};
        // What a call that broke off has done no majority confirms yet.
        return is_own ? WriteResult{.status = WriteStatus::unknown, .cause = "the room is still there"}
                      : rejected_by_newer();
    } catch (const DatabaseError& error) {
        return {.status = WriteStatus::not_applied, .cause = error.what()};
    }
}

/// Throws DatabaseError.
WriteResult RoomCollection::rejected_by_newer() {
    fence_.look(session_);
    return {.status = WriteStatus::rejected, .cause = "a newer process has the room"};
}

}  // namespace globes::store::mongo
