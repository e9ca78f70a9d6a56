#include "chat/core.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/unicode.h"

namespace globes::chat {
namespace {

// Of one read of what was committed after an unknown outcome: more than a room can have on its way.
constexpr std::size_t kRecoverEvents = std::size_t{1} << 20;

RoomRecord public_chat(UnixMicros now) {
    return {.id = kPublicChatId,
            .title = "Public Chat",
            .description = "This is the default chat, available to everyone!",
            .created_at = now,
            .updated_at = now};
}

std::unexpected<Error> failure(ErrorCode code, std::string_view field = {}) {
    return std::unexpected(Error{code, field});
}

}  // namespace

void Core::load(StoredRooms stored) {
    directory_ = Directory(std::max(stored.next_room_id, kPublicChatId + 1));
    const auto insert = [this](RoomRecord record, std::uint64_t last_seq) {
        directory_.claim_title(record.title, record.id);
        directory_.insert(
            std::make_unique<Room>(std::move(record), last_seq, ports_.lanes.size(), limits_, ports_.encoder));
    };
    for (StoredRoom& room : stored.rooms) insert(std::move(room.record), room.last_seq);
    // It is never deleted: where it is missing, the store is fresh, or failed when it was fresh.
    if (directory_.find(kPublicChatId) != nullptr) return;
    const RoomRecord record = public_chat(ports_.clock.now_us());
    insert(record, 0);
    has_public_chat_ = false;
    store_room(PutRoom{record}, kPublicChatId, [this](bool is_there) { has_public_chat_ |= is_there; });
}

// --- rooms -----------------------------------------------------------------------------------------------------------

RoomView Core::view(const Room& room) const {
    return {.record = room.record(), .users = room.people().users(), .online = room.people().online()};
}

std::vector<RoomView> Core::list(RoomId after, std::size_t limit) const {
    std::vector<RoomView> views;
    for (const Room* room : directory_.list(after, limit))
        views.push_back({.record = room->record(), .users = {}, .online = room->people().online()});
    return views;
}

void Core::create_room(RoomRecord record, RoomReply reply) {
    if (is_draining_) return reply(failure(ErrorCode::unavailable));
    if (directory_.find(RoomKey::of(record.title)) != nullptr)
        return reply(failure(ErrorCode::duplicate_room, "title"));
    record.id = directory_.give_id(record.visibility);
    // Another room of that title may be on its way to the store.
    if (!directory_.claim_title(record.title, record.id)) return reply(failure(ErrorCode::duplicate_room, "title"));
    record.created_at = record.updated_at = ports_.clock.now_us();
    store_room(PutRoom{record}, record.id, [this, record, reply = std::move(reply)](bool stored) mutable {
        if (!stored) {
            directory_.free_title(record.title, record.id);
            return reply(failure(ErrorCode::unavailable));
        }
        const Room& room = directory_.insert(
            std::make_unique<Room>(std::move(record), 0, ports_.lanes.size(), limits_, ports_.encoder));
        reply(view(room));
    });
}

void Core::update_room(const RoomRecord& base, RoomRecord next, std::move_only_function<void()> changed_meanwhile,
                       RoomReply reply) {
    const Room* room = directory_.find(base.id);
    if (room == nullptr) return reply(failure(ErrorCode::room_not_found));
    if (is_draining_) return reply(failure(ErrorCode::unavailable));
    if (const auto change = changing_.find(base.id); change != changing_.end()) {
        change->second.put_off.push_back([this, base, next = std::move(next),
                                          changed_meanwhile = std::move(changed_meanwhile),
                                          reply = std::move(reply)]() mutable {
            update_room(base, std::move(next), std::move(changed_meanwhile), std::move(reply));
        });
        return;
    }
    if (room->record() != base) return changed_meanwhile();
    if (!directory_.claim_title(next.title, next.id)) return reply(failure(ErrorCode::duplicate_room, "title"));
    next.updated_at = ports_.clock.now_us();
    const std::string old_title = base.title;
    store_room(PutRoom{next}, next.id, [this, old_title, next, reply = std::move(reply)](bool stored) mutable {
        if (!stored) {
            if (fold_case(old_title) != fold_case(next.title)) directory_.free_title(next.title, next.id);
            return reply(failure(ErrorCode::unavailable));
        }
        const RoomId id = next.id;
        apply_update(std::move(next));
        reply(view(*directory_.find(id)));
    });
}

void Core::apply_update(RoomRecord next) {
    Room& room = *directory_.find(next.id);
    const bool ends_tokens = next.token_epoch != room.record().token_epoch;
    const bool is_public = next.visibility == Visibility::public_room;
    directory_.change(room, std::move(next));
    if (!ends_tokens) return;
    end_connections(room, Ending::authorization_ended, [&](const Person& person) {
        return !person.entry.owner && (!is_public || !person.entry.token_name.empty());
    });
}

void Core::delete_room(const RoomRecord& base, std::move_only_function<void()> changed_meanwhile, Reply reply) {
    const RoomId id = base.id;
    Room* room = directory_.find(id);
    if (room == nullptr) return reply(failure(ErrorCode::room_not_found));
    if (is_draining_) return reply(failure(ErrorCode::unavailable));
    if (const auto change = changing_.find(id); change != changing_.end()) {
        change->second.put_off.push_back(
            [this, base, changed_meanwhile = std::move(changed_meanwhile), reply = std::move(reply)]() mutable {
                delete_room(base, std::move(changed_meanwhile), std::move(reply));
            });
        return;
    }
    if (room->record() != base) return changed_meanwhile();
    store_room(DeleteRoom{id}, id, [this, id, room, reply = std::move(reply)](bool stored) mutable {
        if (!stored) {
            touch(*room);  // what waited in it goes on
            return reply(failure(ErrorCode::unavailable));
        }
        end_connections(*room, Ending::room_deleted, [](const Person&) { return true; });
        directory_.erase(id);
        reply({});
    });
}

void Core::store_room(StoreWrite write, RoomId room, std::move_only_function<void(bool)> done) {
    changing_.emplace(room, Change{.is_deletion = std::holds_alternative<DeleteRoom>(write), .put_off = {}});
    ++in_flight_;
    StoreBatch batch;
    batch.push_back(std::move(write));
    ports_.store.append(std::move(batch), [this, room, done = std::move(done)](CommitOutcome outcome) mutable {
        ports_.post([this, room, outcome, done = std::move(done)]() mutable {
            --in_flight_;
            auto change = changing_.extract(room);
            done(outcome == CommitOutcome::committed);
            for (Task& task : change.mapped().put_off) task();
        });
    });
}

bool Core::is_being_deleted(RoomId room) const {
    const auto change = changing_.find(room);
    return change != changing_.end() && change->second.is_deletion;
}

// --- people ----------------------------------------------------------------------------------------------------------

Result<Core::Entered> Core::enter(RoomId id, std::uint64_t token_epoch, Entry entry) {
    Room* room = directory_.find(id);
    if (room == nullptr) return failure(ErrorCode::room_not_found);
    if (room->record().token_epoch != token_epoch) return failure(ErrorCode::invalid_token, "token");
    room->people().add(std::move(entry));
    return Entered{.room = id, .from = room->log().end()};
}

void Core::handle(RoomId id, unsigned lane, ConnectionId connection, ClientEvent event) {
    Room* room = directory_.find(id);
    if (room == nullptr) return;
    std::string client_id = event.client_id;
    // A room that is on its way out takes nothing that it would lose; the same while the server is ending.
    const bool takes_no_sends = is_draining_ || is_being_deleted(id);
    Result<void> accepted = takes_no_sends && is_durable(event.kind)
                                ? failure(ErrorCode::unavailable)
                                : room->accept(connection, std::move(event), ports_.clock.now_us());
    if (!accepted) ports_.lanes[lane]->refuse(id, connection, accepted.error(), std::move(client_id));
    if (room->is_recovering()) recover(id);
    touch(*room);
}

void Core::depart(RoomId id, ConnectionId connection) {
    Room* room = directory_.find(id);
    if (room == nullptr) return;
    room->depart(connection, ports_.clock.now_us());
    touch(*room);
}

void Core::end_connections(Room& room, Ending ending, const std::function<bool(const Person&)>& ends) {
    // What was said before still reaches them.
    publish(room);
    std::vector<ConnectionId> ended;
    for (const ConnectionId connection : room.people().connections()) {
        const Person& person = *room.people().find(connection);
        if (!ends(person)) continue;
        ports_.lanes[person.entry.lane]->end(connection, ending);
        ended.push_back(connection);
    }
    for (const ConnectionId connection : ended) room.depart(connection, ports_.clock.now_us());
    touch(room);
}

// --- the batch -------------------------------------------------------------------------------------------------------

void Core::end_batch() {
    StoreBatch batch;
    std::vector<RoomId> submitted;
    for (const RoomId id : std::exchange(touched_, {})) {
        Room* room = directory_.find(id);
        if (room == nullptr) continue;
        if (room->can_submit() && !is_being_deleted(id)) {
            // Its first put may have failed; without it no send of the room would ever be stored.
            if (id == kPublicChatId && !has_public_chat_) batch.push_back(PutRoom{room->record()});
            room->submit(batch);
            submitted.push_back(id);
        }
        publish(*room);
    }
    if (!batch.empty()) {
        ++in_flight_;
        ports_.store.append(std::move(batch), [this, rooms = std::move(submitted)](CommitOutcome outcome) mutable {
            ports_.post([this, rooms = std::move(rooms), outcome] {
                --in_flight_;
                on_committed(rooms, outcome);
            });
        });
    }
    for (Lane* lane : ports_.lanes) lane->flush();
    if (is_draining_ && in_flight_ == 0 && idle_) std::exchange(idle_, nullptr)();
}

void Core::publish(Room& room) {
    for (const log::Slice& slice : room.log().take_unpublished())
        for (std::size_t lane = 0; lane < ports_.lanes.size(); ++lane)
            if (room.people().on_lane(lane)) ports_.lanes[lane]->extend(room.record().id, slice);
}

void Core::on_committed(std::span<const RoomId> rooms, CommitOutcome outcome) {
    for (const RoomId id : rooms) {
        Room* room = directory_.find(id);
        if (room == nullptr) continue;
        touch(*room);
        if (outcome == CommitOutcome::committed) {
            has_public_chat_ |= id == kPublicChatId;
            room->commit();
            continue;
        }
        for (Room::Refused& refused : room->fail(outcome == CommitOutcome::failed)) {
            const Person* sender = room->people().find(refused.sender);
            if (sender == nullptr) continue;
            ports_.lanes[sender->entry.lane]->refuse(id, refused.sender, Error{ErrorCode::unavailable},
                                                     std::move(refused.client_id));
        }
        if (room->is_recovering()) recover(id);
    }
}

void Core::recover(RoomId id) {
    if (!recovering_.insert(id).second) return;
    ++in_flight_;
    const EventQuery query{.room = id, .after = directory_.find(id)->last_seq(), .limit = kRecoverEvents};
    ports_.store.read_events(query, [this, id](EventPage page) {
        ports_.post([this, id, page = std::move(page)]() mutable {
            --in_flight_;
            recovering_.erase(id);
            // A read that fails is tried again at the room's next event.
            if (Room* room = directory_.find(id); room != nullptr && page.ok) {
                room->recover(page.events);
                touch(*room);
            }
        });
    });
}

void Core::drain(Task idle) {
    is_draining_ = true;
    idle_ = std::move(idle);
}

}  // namespace globes::chat
