// The core's part that makes, changes and deletes rooms: each change goes to the store before anyone sees it.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/unicode.h"
#include "chat/core.h"

namespace globes::chat {
namespace {

std::unexpected<Error> failure(ErrorCode code, std::string_view field = {}) {
    return std::unexpected(Error{code, field});
}

}  // namespace

RoomView Core::view(const Room& room) const {
    return {.record = room.record(), .users = room.participants().users(), .online = room.participants().online()};
}

std::vector<RoomView> Core::list(RoomId after, std::size_t limit) const {
    std::vector<RoomView> views;
    for (const Room* room : directory_.list(after, limit))
        views.push_back({.record = room->record(), .users = {}, .online = room->participants().online()});
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
        const Room& room = directory_.insert(std::make_unique<Room>(StoredRoom{.record = std::move(record)}, shared_));
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
    // What is gone stays gone, also where the room keeps its events for longer from now on.
    room.set_shown_seq(readable(room).first_seq);
    directory_.change(room, std::move(next));
    if (!ends_tokens) return;
    end_connections(room, Ending::authorization_ended, [&](const Participant& participant) {
        return !participant.owner && (!is_public || !participant.token_name().empty());
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
        end_connections(*room, Ending::room_deleted, [](const Participant&) { return true; });
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
            count_outcome(outcome);
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

}  // namespace globes::chat
