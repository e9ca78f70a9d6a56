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
Document RoomDocuments::own(chat::RoomId room) const {
    Document not_newer;
    not_newer.number("$lte", fence_.number());
    Document filter = by_id(room);
    filter.document("writer", not_newer);
    return filter;
}

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
    return noted.fate == Fate::done ? remove(room) : noted;
}

Outcome RoomDocuments::write(const MarkPurged& purge, chat::RoomId room) {
    Document seq;
    seq.number("purged_seq", purge.through_seq);
    Outcome outcome = session_.update(kRooms, own(room), change("$max", seq));
    return outcome.fate == Fate::done && outcome.written == 0 ? explain_no_match(room) : outcome;
}

Outcome RoomDocuments::undo(const PutRoomDocument& put, chat::RoomId room) {
    // One version further: should the put arrive after all, it comes too late.
    if (put.before != nullptr) return update(*put.before, put.version + 1);
    return remove(room);
}

Outcome RoomDocuments::undo(const DeleteRoomDocument& deletion, chat::RoomId room) {
    const Outcome inserted = insert(*deletion.before, deletion.version, deletion.purged_seq);
    return inserted.fate == Fate::done ? session_.remove(kRemovals, by_id(room)) : inserted;
}

Outcome RoomDocuments::insert(const chat::RoomRecord& record, std::uint64_t version, std::uint64_t purged_seq) {
    Document document = by_id(record.id);
    append_room_fields(document, record, version);
    document.number("purged_seq", purged_seq).number("writer", fence_.number());
    Outcome outcome = session_.insert(kRooms, std::span(&document, 1));
    if (outcome.fate != Fate::duplicate) return outcome;
    outcome = compare(record, version, outcome.cause);
    return outcome.fate == Fate::refused && record.id == chat::kPublicChatId ? adopt(record, version) : outcome;
}

/// The room that each process makes where it is missing: an older one has made it since this one looked.
Outcome RoomDocuments::adopt(const chat::RoomRecord& record, std::uint64_t version) {
    Document number;
    number.number("writer", fence_.number());
    const Outcome claimed = session_.update(kRooms, by_id(record.id), change("$max", number));
    if (claimed.fate != Fate::done) return claimed;
    Document fields;
    append_room_fields(fields, record, version);
    Outcome outcome = session_.update(kRooms, own(record.id), change("$set", fields));
    if (outcome.fate == Fate::duplicate) outcome.fate = Fate::refused;
    if (outcome.fate == Fate::done && outcome.written == 0)
        return {.fate = Fate::refused, .cause = "another room has its title"};
    return outcome;
}

Outcome RoomDocuments::remove(chat::RoomId room) {
    Outcome outcome = session_.remove(kRooms, own(room));
    return outcome.fate == Fate::done && outcome.written == 0 ? explain_no_match(room) : outcome;
}

Outcome RoomDocuments::update(const chat::RoomRecord& record, std::uint64_t version) {
    Document older;
    older.number("$lt", version);
    Document filter = own(record.id);
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
    bool is_newers = false;
    try {
        session_.find(kRooms, by_id(record.id), Document(), 1, [&](const View& found) {
            is_newers = found.number("writer") > fence_.number();
            is_same = found.number("version") == version && room_of(found) == record;
        });
        if (is_newers) return refused_by_newer();
    } catch (const CallError& error) {
        return {.fate = Fate::not_sent, .cause = error.what()};
    }
    return is_same ? Outcome() : Outcome{.fate = Fate::refused, .cause = cause};
}

/// Done where the room is not there.
Outcome RoomDocuments::explain_no_match(chat::RoomId room) {
    bool is_there = false;
    bool is_own = false;
    try {
        session_.find(kRooms, by_id(room), Document(), 1, [&](const View& found) {
            is_there = true;
            is_own = found.has("writer") && found.number("writer") <= fence_.number();
        });
        if (!is_there) return {};
        // What a call that broke off has done no majority confirms yet.
        return is_own ? Outcome{.fate = Fate::unknown, .cause = "the room is still there"} : refused_by_newer();
    } catch (const CallError& error) {
        return {.fate = Fate::not_sent, .cause = error.what()};
    }
}

/// Throws CallError.
Outcome RoomDocuments::refused_by_newer() {
    fence_.look(session_);
    return {.fate = Fate::refused, .cause = "a newer process has the room"};
}

}  // namespace globes::store::mongo
