#include "store/mongo/catalogue.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/keyed_hash.h"
#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

using Rooms = std::vector<std::pair<chat::RoomId, RoomState>>;

void note_if_newest(const DocumentView& event, RoomState& state) {
    if (event.number("seq") < state.last_seq) return;
    state.last_seq = event.number("seq");
    state.opening_time = event.time("time");
}

Document in_room(chat::RoomId room) {
    Document filter;
    filter.number("room_id", room);
    return filter;
}

Document newest_first() {
    Document descending;
    descending.integer("seq", -1);
    return descending;
}

/// One query for each room, for a server that uses the index {room_id, seq} for it.
void read_newest_of_each_room(Session& session, Rooms& rooms) {
    Document options;
    options.document("sort", newest_first()).integer("limit", 1);
    for (auto& [id, state] : rooms)
        session.find(kEvents, in_room(id), options, 1,
                     [&room = state](const DocumentView& event) { note_if_newest(event, room); });
}

/// One scan of the whole collection, for a server that scans it for every query.
void read_newest_by_scan(Session& session, Rooms& rooms) {
    std::unordered_map<chat::RoomId, RoomState*, KeyedHash> states;
    for (auto& [id, state] : rooms) states.emplace(id, &state);
    Document fields;
    fields.integer("_id", 0).integer("room_id", 1).integer("seq", 1).integer("time", 1).integer("time_us", 1);
    Document options;
    options.document("projection", fields);
    session.find(kEvents, Document(), options, kUnlimited, [&](const DocumentView& event) {
        const auto found = states.find(event.number("room_id"));
        if (found != states.end()) note_if_newest(event, *found->second);
    });
}

bool has_index_scan(const bson_t& plan) {
    bson_iter_t field;
    if (!bson_iter_init(&field, &plan)) return false;
    while (bson_iter_next(&field)) {
        if (BSON_ITER_HOLDS_UTF8(&field) && std::string_view(bson_iter_key(&field)) == "stage" &&
            std::string_view(bson_iter_utf8(&field, nullptr)) == "IXSCAN")
            return true;
        std::uint32_t length = 0;
        const std::uint8_t* data = nullptr;
        if (BSON_ITER_HOLDS_DOCUMENT(&field))
            bson_iter_document(&field, &length, &data);
        else if (BSON_ITER_HOLDS_ARRAY(&field))
            bson_iter_array(&field, &length, &data);
        bson_t inner;
        if (data != nullptr && bson_init_static(&inner, data, length) && has_index_scan(inner)) return true;
    }
    return false;
}

/// Whether the server reports that it finds the newest event of a room by an index. FerretDB 1.x and mongo-java-server
/// scan the collection for that query. FerretDB does not return a plan, and mongo-java-server does not support
/// `explain`.
bool finds_newest_by_index(Session& session, chat::RoomId room) {
    Document query;
    query.text("find", kEvents).document("filter", in_room(room)).document("sort", newest_first());
    query.integer("limit", 1);
    Document command;
    command.document("explain", query).text("verbosity", "queryPlanner");
    try {
        bool is_by_index = false;
        session.command(command, [&](const DocumentView& reply) {
            reply.visit_document("queryPlanner", [&](const DocumentView& planner) {
                planner.visit_document("winningPlan",
                                       [&](const DocumentView& plan) { is_by_index = has_index_scan(plan.get()); });
            });
        });
        return is_by_index;
    } catch (const DatabaseError&) {
        return false;  // The server does not support the command, or is unreachable: then the next query fails.
    }
}

void read_newest_events(Session& session, Rooms& rooms) {
    if (rooms.empty()) return;
    finds_newest_by_index(session, rooms.front().first) ? read_newest_of_each_room(session, rooms)
                                                        : read_newest_by_scan(session, rooms);
}

Document by_id(chat::RoomId room) {
    Document filter;
    filter.number("_id", room);
    return filter;
}

Document update_of(const Document& filter, const char* how, const Document& fields) {
    Document change;
    change.document(how, fields);
    Document update;
    update.document("q", filter).document("u", change);
    return update;
}

/// Writes the number of this process into the room's document.
Document claim(chat::RoomId room, std::uint64_t writer) {
    Document number;
    number.number("writer", writer);
    return update_of(by_id(room), "$max", number);
}

/// Gives a room of an older version its salt, unless another process gives it one first.
Document add_salt(chat::RoomId room, UnixMicros now) {
    Document absent;
    absent.boolean("$exists", false);
    Document filter = by_id(room);
    filter.document("salt", absent);
    Document fields;
    fields.text("salt", chat::new_room_salt()).time("old_keys_until", now);
    return update_of(filter, "$set", fields);
}

/// Updates documents that are found by `_id`, which no server needs a scan for. In several calls: each ends before its
/// timeout, and FerretDB 1.x never answers a call with more than 100 updates, because each keeps one of its 100
/// connections to SQLite until the call ends.
void update_rooms(Session& session, std::span<const Document> updates) {
    constexpr std::size_t kUpdatesPerCall = 50;
    Document majority;
    majority.text("w", "majority").boolean("j", true);
    while (!updates.empty()) {
        const auto some = updates.first(std::min(updates.size(), kUpdatesPerCall));
        updates = updates.subspan(some.size());
        Document command;
        command.text("update", kRooms).documents("updates", some).document("writeConcern", majority);
        // The reply is ignored: the caller reads the rooms again.
        session.command(command, [](const DocumentView&) {});
    }
}

/// Reads all rooms until each of them has `writer` or a higher number, and, unless `writer` is 0, a salt: an older
/// process may create rooms meanwhile.
Rooms load_and_claim_rooms(Session& session, std::uint64_t writer) {
    constexpr int kMaxTries = 10;
    for (int tries = 0; tries < kMaxTries; ++tries) {
        Rooms rooms;
        std::vector<Document> updates;
        const UnixMicros now = SystemClock().now_us();
        session.find(kRooms, Document(), Document(), kUnlimited, [&](const DocumentView& document) {
            rooms.emplace_back(document.number("_id"),
                               RoomState{.record = std::make_shared<const chat::RoomRecord>(room_record_of(document)),
                                         .purged_seq = document.number("purged_seq"),
                                         .version = document.number("version")});
            if (document.number("writer") < writer) updates.push_back(claim(rooms.back().first, writer));
            if (writer != 0 && !document.has("salt")) updates.push_back(add_salt(rooms.back().first, now));
        });
        if (updates.empty()) return rooms;
        update_rooms(session, updates);
    }
    throw DatabaseError("the rooms do not accept the number of this process, or a salt", 0, 0);
}

}  // namespace

CommittedCatalogue::ActiveRead::ActiveRead(CommittedCatalogue& catalogue) : catalogue_(catalogue) {
    const MutexLock lock(catalogue_.mutex_);
    epoch_ = catalogue_.next_epoch_++;
    catalogue_.active_reads_.insert(epoch_);
}

CommittedCatalogue::ActiveRead::~ActiveRead() {
    const MutexLock lock(catalogue_.mutex_);
    catalogue_.active_reads_.erase(epoch_);
}

CommittedCatalogue::VisibleRange CommittedCatalogue::ActiveRead::range(chat::RoomId room) const {
    const MutexLock lock(catalogue_.mutex_);
    VisibleRange range{.is_in_doubt = catalogue_.in_doubt_.contains(room)};
    if (const auto found = catalogue_.rooms_.find(room); found != catalogue_.rooms_.end()) {
        range.purged_seq = found->second.purged_seq;
        range.last_seq = found->second.last_seq;
    }
    return range;
}

// Without the lock: the caller's thread is the only one that writes.
const RoomState* CommittedCatalogue::find(chat::RoomId room) const NO_THREAD_SAFETY_ANALYSIS {
    GLOBES_ASSERT_ON(thread_);
    return find_locked(room);
}

const RoomState* CommittedCatalogue::find_locked(chat::RoomId room) const {
    const auto found = rooms_.find(room);
    return found == rooms_.end() ? nullptr : &found->second;
}

void CommittedCatalogue::put(chat::RoomId room, RoomState state) {
    GLOBES_ASSERT_ON(thread_);
    assert(state.record != nullptr && state.purged_seq <= state.last_seq);
    const MutexLock lock(mutex_);
    const RoomState* before = find_locked(room);
    if (state.last_seq > (before != nullptr ? before->last_seq : 0)) newest_event_ = {room, state.last_seq};
    rooms_.insert_or_assign(room, std::move(state));
}

void CommittedCatalogue::erase(chat::RoomId room) {
    GLOBES_ASSERT_ON(thread_);
    const MutexLock lock(mutex_);
    rooms_.erase(room);
}

void CommittedCatalogue::mark_in_doubt(chat::RoomId room) {
    GLOBES_ASSERT_ON(thread_);
    const MutexLock lock(mutex_);
    in_doubt_.insert(room);
}

void CommittedCatalogue::clear_in_doubt(std::span<const chat::RoomId> rooms) {
    GLOBES_ASSERT_ON(thread_);
    const MutexLock lock(mutex_);
    for (const chat::RoomId room : rooms) in_doubt_.erase(room);
}

void CommittedCatalogue::raise_next_room_id(chat::RoomId next) {
    GLOBES_ASSERT_ON(thread_);
    const MutexLock lock(mutex_);
    next_room_id_ = std::max(next_room_id_, next);
}

std::optional<CommittedCatalogue::EventPosition> CommittedCatalogue::newest_event() const {
    const MutexLock lock(mutex_);
    const RoomState* room = find_locked(newest_event_.room);
    // A room that was created again under the same id starts at seq 1.
    if (room == nullptr || room->purged_seq >= newest_event_.seq || room->last_seq < newest_event_.seq)
        return std::nullopt;
    return newest_event_;
}

chat::StoredRooms CommittedCatalogue::rooms() const {
    const MutexLock lock(mutex_);
    chat::StoredRooms stored{.rooms = {}, .next_room_id = next_room_id_};
    stored.rooms.reserve(rooms_.size());
    for (const auto& [id, state] : rooms_)
        stored.rooms.push_back({.record = *state.record,
                                .last_seq = state.last_seq,
                                .first_seq = state.purged_seq + 1,
                                .last_time = state.opening_time});
    std::ranges::sort(stored.rooms, {}, [](const chat::StoredRoom& room) { return room.record.id; });
    return stored;
}

std::uint64_t CommittedCatalogue::next_epoch() const {
    const MutexLock lock(mutex_);
    return next_epoch_;
}

bool CommittedCatalogue::has_reads_before(std::uint64_t epoch) const {
    const MutexLock lock(mutex_);
    return !active_reads_.empty() && *active_reads_.begin() < epoch;
}

std::vector<GarbageRange> load_catalogue(Session& session, CommittedCatalogue& catalogue, std::uint64_t writer) {
    Rooms rooms = load_and_claim_rooms(session, writer);
    read_newest_events(session, rooms);
    std::vector<GarbageRange> removals;
    std::unordered_set<chat::RoomId, KeyedHash> known;
    for (auto& [id, state] : rooms) {
        state.last_seq = std::max(state.last_seq, state.purged_seq);
        if (state.purged_seq > 0) removals.push_back({.room = id, .through_seq = state.purged_seq});
        if (id < chat::kFirstRandomRoomId) catalogue.raise_next_room_id(id + 1);
        known.insert(id);
        catalogue.put(id, std::move(state));
    }
    session.find(kRemovals, Document(), Document(), kUnlimited, [&](const DocumentView& note) {
        // The room still exists: the deletion that left this note was not carried out.
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
