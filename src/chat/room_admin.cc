#include "chat/room_admin.h"

#include <cassert>
#include <memory>
#include <utility>

#include "base/task_boundary.h"
#include "base/text.h"

namespace globes::chat {
namespace {

std::unexpected<Error> failure(ErrorCode code, std::string_view field = {}) {
    return std::unexpected(Error{code, field});
}

constexpr std::unexpected kFull(Error{
    .code = ErrorCode::unavailable, .reason = "The server has as many rooms as it may have.", .limit = "max_rooms"});

}  // namespace

Room& RoomAdmin::insert(StoredRoom stored) {
    Room& room = directory_.insert(std::make_unique<Room>(std::move(stored), shared_));
    purger_.on_room_changed(room);
    return room;
}

void RoomAdmin::put(const RoomRecord& record, std::move_only_function<void(bool)> done) {
    write(record.id, PutRoom{record}, std::move(done));
}

Result<void> RoomAdmin::may_create(const RoomRecord& record) {
    if (is_stopped_) return failure(ErrorCode::unavailable);
    if (shared_.is_disk_low) return std::unexpected(kDiskLow);
    if (const auto checked = directory_.check_title(record.title, record.visibility); !checked) return checked;
    if (max_rooms_ == 0 || directory_.size() + creating_ < max_rooms_) return {};
    ++refused_as_full_;
    return kFull;
}

void RoomAdmin::create(RoomRecord record, RoomReply reply) {
    if (const auto may = may_create(record); !may) return reply(std::unexpected(may.error()));
    record.salt = new_room_salt();
    record.id = directory_.new_id(record.visibility);
    if (const auto claimed = directory_.claim_title(record.title, record.visibility, record.id); !claimed)
        return reply(std::unexpected(claimed.error()));
    record.created_at = record.updated_at = shared_.clock.now_us();
    put(record, [this, record, reply = std::move(reply)](bool is_stored) mutable {
        assert(creating_ > 0);
        --creating_;
        if (!is_stored) {
            directory_.free_title(record.title, record.id);
            return reply(failure(ErrorCode::unavailable));
        }
        reply(insert({.record = std::move(record)}).view());
    });
    ++creating_;
}

void RoomAdmin::update(const RoomRecord& base, RoomRecord next, std::move_only_function<void()> changed_meanwhile,
                       RoomReply reply) {
    const Room* room = directory_.find(base.id);
    if (room == nullptr) return reply(failure(ErrorCode::room_not_found));
    if (is_stopped_) return reply(failure(ErrorCode::unavailable));
    if (shared_.is_disk_low) return reply(std::unexpected(kDiskLow));
    if (const auto change = changing_.find(base.id); change != changing_.end()) {
        change->second.push_back([this, base, next = std::move(next), changed_meanwhile = std::move(changed_meanwhile),
                                  reply = std::move(reply)]() mutable {
            update(base, std::move(next), std::move(changed_meanwhile), std::move(reply));
        });
        return;
    }
    if (room->record() != base) return changed_meanwhile();
    assert(next.id == base.id);
    // A title that stays is not checked again: rooms of earlier versions may look alike.
    const bool enters_list = base.visibility == Visibility::hidden_room && next.visibility != base.visibility;
    if (next.title != base.title || enters_list) {
        if (const auto claimed = directory_.claim_title(next.title, next.visibility, next.id); !claimed)
            return reply(std::unexpected(claimed.error()));
    }
    next.updated_at = shared_.clock.now_us();
    put(next, [this, next, reply = std::move(reply)](bool is_stored) mutable {
        if (!is_stored) {
            directory_.free_title(next.title, next.id);
            return reply(failure(ErrorCode::unavailable));
        }
        const RoomId id = next.id;
        apply_update(std::move(next));
        reply(directory_.find(id)->view());
    });
}

void RoomAdmin::apply_update(RoomRecord next) {
    assert(directory_.find(next.id) != nullptr);  // changes of one room, its deletion included, do not overlap
    Room& room = *directory_.find(next.id);
    const bool ends_room_tokens = next.token_epoch != room.record().token_epoch;
    const bool ends_owner_tokens = next.owner_epoch != room.record().owner_epoch;
    const bool is_public = next.visibility == Visibility::public_room;
    directory_.change(room, std::move(next));
    purger_.on_room_changed(room);
    if (!ends_room_tokens && !ends_owner_tokens) return;
    room.end_connections(
        Ending::authorization_ended,
        [&](const Participant& participant) {
            if (participant.owner) return ends_owner_tokens && !is_public;
            return ends_room_tokens && (!is_public || !participant.token_name().empty());
        },
        shared_.clock.now_us(), effects_);
    // Those that stay, in a public room: they must end like all others if the room gets a password.
    if (ends_owner_tokens) room.participants().end_owner_tokens();
}

void RoomAdmin::remove(const RoomRecord& base, std::move_only_function<void()> changed_meanwhile, Reply reply) {
    const RoomId id = base.id;
    Room* room = directory_.find(id);
    if (room == nullptr) return reply(failure(ErrorCode::room_not_found));
    if (is_stopped_) return reply(failure(ErrorCode::unavailable));
    if (const auto change = changing_.find(id); change != changing_.end()) {
        change->second.push_back(
            [this, base, changed_meanwhile = std::move(changed_meanwhile), reply = std::move(reply)]() mutable {
                remove(base, std::move(changed_meanwhile), std::move(reply));
            });
        return;
    }
    if (room->record() != base) return changed_meanwhile();
    write(id, DeleteRoom{id}, [this, id, room, reply = std::move(reply)](bool is_stored) mutable {
        assert(directory_.find(id) == room);
        if (!is_stored) {
            room->cancel_deletion(effects_);
            purger_.on_room_changed(*room);  // skips a room that is being deleted
            return reply(failure(ErrorCode::unavailable));
        }
        room->end_connections(
            Ending::room_deleted, [](const Participant&) { return true; }, shared_.clock.now_us(), effects_);
        directory_.erase(id);
        purger_.on_room_erased(id);
        reply({});
    });
    room->begin_deletion();
}

void RoomAdmin::write(RoomId room, StoreWrite write, std::move_only_function<void(bool)> done) {
    WriteRoom effect{std::move(write), [this, room, done = std::move(done)](bool is_stored) mutable {
                         auto change = changing_.extract(room);
                         run_task(TaskThread::core, [&] { done(is_stored); });
                         for (Task& task : change.mapped()) run_task(TaskThread::core, task);
                     }};
    effects_.reserve_one();
    // Last, because the room stays changing until the effect is carried out.
    [[maybe_unused]] const bool is_only = changing_.emplace(room, std::vector<Task>()).second;
    assert(is_only);
    effects_.add(std::move(effect));
}

}  // namespace globes::chat
