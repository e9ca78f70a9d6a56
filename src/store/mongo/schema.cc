#include "store/mongo/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

// Of the server.
constexpr std::uint32_t kNoSuchCollection = 26;

struct Index {
    const char* collection;
    const char* name;
    std::vector<std::string_view> keys;
};

// All plain and unique: no server that speaks the protocol lacks those.
const std::vector<Index>& indexes() {
    static const std::vector<Index> all = {
        {kRooms, "title_key", {"title_key"}},
        {kEvents, "room_seq", {"room_id", "seq"}},
        {kEvents, "room_dedupe_key", {"room_id", "dedupe_key"}},
    };
    return all;
}

Document key_of(const Index& index) {
    Document key;
    for (const std::string_view field : index.keys) key.integer(field, 1);
    return key;
}

void make(Session& session, const Index& index) {
    Document definition;
    definition.document("key", key_of(index)).text("name", index.name).boolean("unique", true);
    std::vector<Document> definitions;
    definitions.push_back(std::move(definition));
    Document command;
    command.text("createIndexes", index.collection).documents("indexes", definitions);
    session.command(command, [](const DocumentView&) {});
}

bool is_key(const DocumentView& definition, const Index& index) {
    bson_iter_t key;
    bson_iter_t field;
    if (!bson_iter_init_find(&key, &definition.get(), "key") || !bson_iter_recurse(&key, &field)) return false;
    for (const std::string_view name : index.keys)
        if (!bson_iter_next(&field) || bson_iter_key(&field) != name || bson_iter_as_int64(&field) != 1) return false;
    return !bson_iter_next(&field);
}

bool is_plain_and_unique(const DocumentView& definition) {
    return definition.boolean("unique") && !definition.has("partialFilterExpression") && !definition.has("sparse") &&
           !definition.has("collation");
}

void for_each_index(Session& session, const char* collection, const std::function<void(const DocumentView&)>& take) {
    Document command;
    command.text("listIndexes", collection);
    try {
        session.for_each_of_command(command, take);
    } catch (const DatabaseError& error) {
        if (error.code() != kNoSuchCollection) throw;
    }
}

/// A server may take the command and do something else: an index that does not guard is worse than none.
bool is_there(Session& session, const Index& index) {
    bool is_found = false;
    for_each_index(session, index.collection, [&](const DocumentView& definition) {
        is_found |= is_key(definition, index) && is_plain_and_unique(definition);
    });
    return is_found;
}

/// The server would refuse documents for an index of another program, and with one of them all that follow in its room.
void reject_foreign_unique_indexes(Session& session, const char* collection) {
    const auto is_own = [&](const DocumentView& definition) {
        const Index by_id = {collection, "_id_", {"_id"}};
        return is_key(definition, by_id) || std::ranges::any_of(indexes(), [&](const Index& index) {
                   return std::string_view(index.collection) == collection && is_key(definition, index) &&
                          is_plain_and_unique(definition);
               });
    };
    for_each_index(session, collection, [&](const DocumentView& definition) {
        if (definition.boolean("unique") && !is_own(definition))
            throw std::runtime_error(
                fmt::format("the collection {} has a unique index {} that Globes has not made; remove that index",
                            collection, definition.text("name")));
    });
}

using Rooms = std::vector<std::pair<chat::RoomId, RoomState>>;
using std::chrono::steady_clock;

/// Notes it in the state of its room.
void record_newest(const DocumentView& event, RoomState& state) {
    if (event.number("seq") < state.last_seq) return;
    state.last_seq = event.number("seq");
    state.opening_time = event.time("time");
}

void read_newest_event(Session& session, chat::RoomId room, RoomState& state) {
    Document filter;
    filter.number("room_id", room);
    Document down;
    down.integer("seq", -1);
    Document options;
    options.document("sort", down).integer("limit", 1);
    session.find(kEvents, filter, options, 1, [&](const DocumentView& event) { record_newest(event, state); });
}

void read_all_events(Session& session, Rooms& rooms) {
    std::unordered_map<chat::RoomId, RoomState*> states;
    for (auto& [id, state] : rooms) states.emplace(id, &state);
    Document fields;
    fields.integer("_id", 0).integer("room_id", 1).integer("seq", 1).integer("time", 1).integer("time_us", 1);
    Document options;
    options.document("projection", fields);
    session.find(kEvents, Document(), options, kUnlimited, [&](const DocumentView& event) {
        const auto found = states.find(event.number("room_id"));
        if (found != states.end()) record_newest(event, *found->second);
    });
}

/// Gives the rooms the number of this process. By their ids, so that a server that knows no other way to a document
/// finds them, and so many at once that a call ends in time.
void claim(Session& session, std::span<const chat::RoomId> rooms, std::uint64_t writer) {
    constexpr std::size_t kRoomsAtOnce = 500;
    Document number;
    number.number("writer", writer);
    Document change;
    change.document("$max", number);
    Document majority;
    majority.text("w", "majority").boolean("j", true);
    for (; !rooms.empty(); rooms = rooms.subspan(std::min(rooms.size(), kRoomsAtOnce))) {
        std::vector<Document> updates;
        for (const chat::RoomId room : rooms.first(std::min(rooms.size(), kRoomsAtOnce))) {
            Document id;
            id.number("_id", room);
            updates.emplace_back().document("q", id).document("u", change);
        }
        Document command;
        command.text("update", kRooms).documents("updates", updates).document("writeConcern", majority);
        // What it answers matters less than what is there then.
        session.command(command, [](const DocumentView&) {});
    }
}

/// All rooms, when they have `writer` or a newer number. An older process may still make some while this looks.
Rooms load_and_claim_rooms(Session& session, std::uint64_t writer) {
    constexpr int kTries = 10;
    for (int tries = 0; tries < kTries; ++tries) {
        Rooms rooms;
        std::vector<chat::RoomId> unclaimed;
        session.find(kRooms, Document(), Document(), kUnlimited, [&](const DocumentView& document) {
            rooms.emplace_back(document.number("_id"),
                               RoomState{.record = std::make_shared<const chat::RoomRecord>(room_of(document)),
                                         .purged_seq = document.number("purged_seq"),
                                         .version = document.number("version")});
            if (document.number("writer") < writer) unclaimed.push_back(rooms.back().first);
        });
        if (unclaimed.empty()) return rooms;
        claim(session, unclaimed, writer);
    }
    throw DatabaseError("the rooms can't be given the number of this process", 0, 0);
}

std::int64_t count_events(Session& session) {
    Document command;
    command.text("count", kEvents);
    std::int64_t count = 0;
    session.command(command, [&](const DocumentView& reply) { count = reply.integer("n"); });
    return count;
}

/// Fills in what each room's newest event tells. A server that finds it by the index is asked room by room. One that
/// reads events for it, as FerretDB does, would read all of them again and again: it gives them once.
void read_newest_event(Session& session, Rooms& rooms) {
    constexpr std::size_t kTried = 8;
    constexpr std::chrono::microseconds kTimeOfEvent{20};
    const auto begin = steady_clock::now();
    for (std::size_t i = 0; i < rooms.size(); ++i) {
        if (i == kTried) {
            const auto still_to_take = (steady_clock::now() - begin) / kTried * (rooms.size() - i);
            if (still_to_take > count_events(session) * kTimeOfEvent) return read_all_events(session, rooms);
        }
        read_newest_event(session, rooms[i].first, rooms[i].second);
    }
}

}  // namespace

void ensure_indexes(Session& session) {
    for (const Index& index : indexes()) make(session, index);
    if (const std::string fault = index_fault(session); !fault.empty()) throw std::runtime_error(fault);
    for (const char* collection : {kRooms, kEvents, kCounters, kRemovals})
        reject_foreign_unique_indexes(session, collection);
}

std::string index_fault(Session& session) {
    for (const Index& index : indexes())
        if (!is_there(session, index))
            return fmt::format("the index {} of {} is not there, or not plain and unique", index.name,
                               index.collection);
    return {};
}

std::vector<GarbageRange> load_catalogue(Session& session, CommittedCatalogue& catalogue, std::uint64_t writer) {
    Rooms rooms = load_and_claim_rooms(session, writer);
    read_newest_event(session, rooms);
    std::vector<GarbageRange> removals;
    std::unordered_set<chat::RoomId> known;
    for (auto& [id, state] : rooms) {
        state.last_seq = std::max(state.last_seq, state.purged_seq);
        if (state.purged_seq > 0) removals.push_back({.room = id, .through_seq = state.purged_seq});
        if (id < chat::kFirstRandomRoomId) catalogue.raise_next_room_id(id + 1);
        known.insert(id);
        catalogue.put(id, std::move(state));
    }
    session.find(kRemovals, Document(), Document(), kUnlimited, [&](const DocumentView& note) {
        // A note beside its room is of a deletion that was not carried out.
        if (known.contains(note.number("_id"))) return;
        removals.push_back({.room = note.number("_id"),
                            .through_seq = std::numeric_limits<std::int64_t>::max(),
                            .is_whole_room = true});
    });
    session.find(kCounters, Document(), Document(), kUnlimited, [&](const DocumentView& counter) {
        if (counter.text("_id") == "next_room_id") catalogue.raise_next_room_id(counter.number("value"));
    });
    return removals;
}

}  // namespace globes::store::mongo
