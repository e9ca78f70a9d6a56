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

Outcome RoomDocuments::write(const PutRoomDocument& put, chat::RoomId room) {
    if (put.before != nullptr) return update(*put.record, put.version);
    // The counter first: where this ends in between, a number is skipped and none is given twice.
    if (room < chat::kFirstRandomRoomId) {
        Document counter;
        counter.text("_id", "next_room_id");
        Document next;
        next.number("value", room + 1);
        const Outcome counted = session_.update(kCounters, counter, change("$max", next), true);
        if (counted.fate != Fate::done) return counted;
    }
    const Outcome forgotten = forget_events(room);
    return forgotten.fate == Fate::done ? insert(*put.record, put.version, put.purged_seq) : forgotten;
}

/// Of a deleted room that had this id nothing may come back.
Outcome RoomDocuments::forget_events(chat::RoomId room) {
    bool is_left_over = false;
    try {
        session_.find(kRemovals, by_id(room), Document(), 1, [&](const View&) { is_left_over = true; });
    } catch (const CallError& error) {
        return {.fate = Fate::not_sent, .cause = error.what()};
    }
    if (!is_left_over) return {};
    Document events;
    events.number("room_id", room);
    const Outcome removed = session_.remove(kEvents, events);
    return removed.fate == Fate::done ? session_.remove(kRemovals, by_id(room)) : removed;
}

Outcome RoomDocuments::write(const DeleteRoomDocument& /*deletion*/, chat::RoomId room) {
    // First the note that its events are to go: whoever finds the room beside it ignores it.
    Document note;
    note.number("room_id", room);
    const Outcome noted = session_.update(kRemovals, by_id(room), change("$set", note), true);
    return noted.fate == Fate::done ? session_.remove(kRooms, by_id(room)) : noted;
}

Outcome RoomDocuments::write(const MarkPurged& purge, chat::RoomId room) {
    Document seq;
    seq.number("purged_seq", purge.through_seq);
    return session_.update(kRooms, by_id(room), change("$max", seq));
}

Outcome RoomDocuments::undo(const PutRoomDocument& put, chat::RoomId room) {
    // One version further: should the put arrive after all, it comes too late.
    if (put.before != nullptr) return update(*put.before, put.version + 1);
    return session_.remove(kRooms, by_id(room));
}

Outcome RoomDocuments::undo(const DeleteRoomDocument& deletion, chat::RoomId room) {
    const Outcome inserted = insert(*deletion.before, deletion.version, deletion.purged_seq);
    return inserted.fate == Fate::done ? session_.remove(kRemovals, by_id(room)) : inserted;
}

Outcome RoomDocuments::insert(const chat::RoomRecord& record, std::uint64_t version, std::uint64_t purged_seq) {
    Document document = by_id(record.id);
    append_room_fields(document, record, version);
    document.number("purged_seq", purged_seq);
    Outcome outcome = session_.insert(kRooms, std::span(&document, 1));
    if (outcome.fate == Fate::duplicate) return compare(record, version, outcome.cause);
    return outcome;
}

Outcome RoomDocuments::update(const chat::RoomRecord& record, std::uint64_t version) {
    Document older;
    older.number("$lt", version);
    Document filter = by_id(record.id);
    filter.document("version", older);
    Document fields;
    append_room_fields(fields, record, version);
    Outcome outcome = session_.update(kRooms, filter, change("$set", fields));
    if (outcome.fate == Fate::duplicate) outcome.fate = Fate::refused;
    if (outcome.fate == Fate::done && outcome.written == 0) return compare(record, version, "another version is there");
    return outcome;
}

/// Done where it is what is there already.
Outcome RoomDocuments::compare(const chat::RoomRecord& record, std::uint64_t version, const std::string& cause) {
    bool is_same = false;
    try {
        session_.find(kRooms, by_id(record.id), Document(), 1, [&](const View& found) {
            is_same = found.number("version") == version && room_of(found) == record;
        });
    } catch (const CallError& error) {
        return {.fate = Fate::not_sent, .cause = error.what()};
    }
    return is_same ? Outcome() : Outcome{.fate = Fate::refused, .cause = cause};
}

}  // namespace globes::store::mongo
