#include "store/mongo/catalogue.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <unordered_map>
#include <utility>

#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

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

CommittedCatalogue::ActiveRead::ActiveRead(CommittedCatalogue& catalogue) : catalogue_(catalogue) {
    const std::lock_guard lock(catalogue_.mutex_);
    epoch_ = catalogue_.next_epoch_++;
    catalogue_.active_reads_.insert(epoch_);
}

CommittedCatalogue::ActiveRead::~ActiveRead() {
    const std::lock_guard lock(catalogue_.mutex_);
    catalogue_.active_reads_.erase(epoch_);
}

CommittedCatalogue::Part CommittedCatalogue::ActiveRead::part(chat::RoomId room) const {
    const std::lock_guard lock(catalogue_.mutex_);
    Part part{.is_settled = !catalogue_.in_doubt_.contains(room)};
    if (const auto found = catalogue_.rooms_.find(room); found != catalogue_.rooms_.end()) {
        part.purged_seq = found->second.purged_seq;
        part.last_seq = found->second.last_seq;
    }
    return part;
}

// Only the committer writes, so it reads without the lock.
const RoomState* CommittedCatalogue::find(chat::RoomId room) const {
    const auto found = rooms_.find(room);
    return found == rooms_.end() ? nullptr : &found->second;
}

void CommittedCatalogue::put(chat::RoomId room, RoomState state) {
    const std::lock_guard lock(mutex_);
    const RoomState* before = find(room);
    if (state.last_seq > (before != nullptr ? before->last_seq : 0)) newest_event_ = {room, state.last_seq};
    rooms_.insert_or_assign(room, std::move(state));
}

void CommittedCatalogue::erase(chat::RoomId room) {
    const std::lock_guard lock(mutex_);
    rooms_.erase(room);
}

void CommittedCatalogue::mark_in_doubt(chat::RoomId room) {
    const std::lock_guard lock(mutex_);
    in_doubt_.insert(room);
}

void CommittedCatalogue::clear_in_doubt(std::span<const chat::RoomId> rooms) {
    const std::lock_guard lock(mutex_);
    for (const chat::RoomId room : rooms) in_doubt_.erase(room);
}

void CommittedCatalogue::raise_next_room_id(chat::RoomId next) {
    const std::lock_guard lock(mutex_);
    next_room_id_ = std::max(next_room_id_, next);
}

std::optional<CommittedCatalogue::EventPosition> CommittedCatalogue::newest_event() const {
    const std::lock_guard lock(mutex_);
    const RoomState* room = find(newest_event_.room);
    // A room that was made again under its id begins anew.
    if (room == nullptr || room->purged_seq >= newest_event_.seq || room->last_seq < newest_event_.seq)
        return std::nullopt;
    return newest_event_;
}

chat::StoredRooms CommittedCatalogue::rooms() const {
    const std::lock_guard lock(mutex_);
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
    const std::lock_guard lock(mutex_);
    return next_epoch_;
}

bool CommittedCatalogue::has_reads_before(std::uint64_t epoch) const {
    const std::lock_guard lock(mutex_);
    return !active_reads_.empty() && *active_reads_.begin() < epoch;
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
