#include "maintenance/import_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "chat/room_rules.h"
#include "maintenance/store_calls.h"

namespace globes::maintenance {
namespace {

// The port has no seqs without events and no ids without rooms, but seqs and ids of purged events and deleted rooms
// stay taken. So events and rooms that are missing in an export are written and removed again in one batch. After a
// kill, a store without transactions may keep the first half; these entries can be distinguished from real ones.

chat::Event placeholder_event(chat::RoomId room, std::uint64_t seq) {
    return {.room = room, .seq = seq, .name = "globes import", .text = "Purged before the export"};
}

chat::RoomRecord placeholder_room(chat::RoomId id) { return {.id = id, .salt = chat::new_room_salt()}; }

/// Whatever its salt, which an upgrade may also have added.
bool is_placeholder(const chat::RoomRecord& room) {
    return room == chat::RoomRecord{.id = room.id, .salt = room.salt, .old_keys_until = room.old_keys_until};
}

}  // namespace

ImportTarget::ImportTarget(chat::Store& store, UnixMicros old_keys_until)
    : store_(store), old_keys_until_(old_keys_until) {
    chat::StoredRooms stored = store.load_rooms();
    next_room_id_ = stored.next_room_id;
    for (chat::StoredRoom& room : stored.rooms) {
        titles_.emplace(fold_case(room.record.title), room.record.id);
        there_.emplace(room.record.id, std::move(room));
    }
    // A server creates that room at its first start.
    if (!there_.contains(chat::kPublicChatId))
        titles_.emplace(fold_case(chat::public_chat(0).title), chat::kPublicChatId);
}

chat::StoreBatch ImportTarget::raise_next_id(chat::RoomId next) {
    const chat::RoomRecord placeholder = placeholder_room(next - 1);
    const auto last = there_.find(placeholder.id);
    const bool is_left_behind = last != there_.end() && is_placeholder(last->second.record);
    const bool is_real = last != there_.end() && !is_left_behind;
    chat::StoreBatch writes;
    // Only a faulty store has a real room with that id; it is written as it is, which also raises the number.
    if (next > next_room_id_) writes.emplace_back(chat::PutRoom{is_real ? last->second.record : placeholder});
    if (!is_real && (next > next_room_id_ || is_left_behind)) writes.emplace_back(chat::DeleteRoom{placeholder.id});
    if (is_left_behind) {
        titles_.erase(placeholder.title);
        there_.erase(last);
    }
    next_room_id_ = std::max(next_room_id_, next);
    return writes;
}

void ImportTarget::expect_public_chat(chat::RoomRecord record) {
    const auto there = there_.find(chat::kPublicChatId);
    if (there != there_.end() && !is_replaceable(there->second)) return;
    free_title(there != there_.end() ? there->second.record : chat::public_chat(0), chat::kPublicChatId);
    titles_.emplace(fold_case(record.title), chat::kPublicChatId);
    expected_public_chat_ = with_salt(std::move(record));
}

bool ImportTarget::takes_title_of_public_chat(const chat::RoomRecord& record) const {
    const auto owner = titles_.find(fold_case(record.title));
    return owner != titles_.end() && owner->second == chat::kPublicChatId && record.id != chat::kPublicChatId;
}

/// A record without a salt gets that of the room with its id, so that it equals the room that an earlier import has
/// stored.
chat::RoomRecord ImportTarget::with_salt(chat::RoomRecord record) const {
    if (!record.salt.empty()) return record;
    const auto there = there_.find(record.id);
    const bool is_new = there == there_.end() || there->second.record.salt.empty();
    record.salt = is_new ? chat::new_room_salt() : there->second.record.salt;
    record.old_keys_until = is_new ? old_keys_until_ : there->second.record.old_keys_until;
    return record;
}

ImportTarget::Fault ImportTarget::conflict(const chat::RoomRecord& given) const {
    const chat::RoomRecord record = with_salt(given);
    const auto there = there_.find(record.id);
    if (there != there_.end() && there->second.record != record && !is_replaceable(there->second))
        return fmt::format("another room {} exists already: {}", record.id, there->second.record.title);
    const auto owner = titles_.find(fold_case(record.title));
    if (owner != titles_.end() && owner->second != record.id)
        return fmt::format("room {}: its title is that of room {}, which is {}", record.id, owner->second,
                           owner->second == chat::kPublicChatId ? "the server's own" : "in the store");
    return std::nullopt;
}

/// The Public Chat of a server without messages.
bool ImportTarget::is_replaceable(const chat::StoredRoom& there) {
    return there.record.id == chat::kPublicChatId && there.last_seq == 0;
}

ImportTarget::Fault ImportTarget::begin(const chat::StoredRoom& room) {
    room_ = room;
    room_->record = with_salt(room.record);
    const chat::RoomRecord& record = room_->record;
    is_known_ = false;
    opening_writes_.clear();
    next_seq_ = room.first_seq;
    known_last_seq_ = 0;
    known_events_.clear();
    if (!imported_.insert(record.id).second) return fmt::format("room {} occurs twice", record.id);
    if (record.id < chat::kFirstRandomRoomId && record.id >= next_room_id_)
        return fmt::format("room {}: its id is not below next_room_id", record.id);

    if (auto fault = conflict(record)) return fault;
    const auto there = there_.find(record.id);
    is_known_ = there != there_.end() && there->second.record == record;
    if (is_known_) return compare(there->second);
    free_title(there != there_.end() ? there->second.record : chat::public_chat(0), record.id);
    titles_.emplace(fold_case(record.title), record.id);
    make_way_for(record);
    opening_writes_.emplace_back(chat::PutRoom{record});
    if (room.first_seq > 1) add_skipped_seqs();
    return std::nullopt;
}

/// Titles are unique in a store: room 1 is written first if it still has the room's title.
void ImportTarget::make_way_for(const chat::RoomRecord& record) {
    const auto first = there_.find(chat::kPublicChatId);
    if (first == there_.end() || imported_.contains(chat::kPublicChatId) || !expected_public_chat_) return;
    if (fold_case(first->second.record.title) == fold_case(record.title))
        opening_writes_.emplace_back(chat::PutRoom{*expected_public_chat_});
}

/// The previous title of `room`, if it was its own.
void ImportTarget::free_title(const chat::RoomRecord& before, chat::RoomId room) {
    const auto title = titles_.find(fold_case(before.title));
    if (title != titles_.end() && title->second == room) titles_.erase(title);
}

ImportTarget::Fault ImportTarget::compare(const chat::StoredRoom& there) {
    known_last_seq_ = there.last_seq;
    if (there.first_seq == room_->first_seq) return std::nullopt;
    const std::uint64_t skipped_to = room_->first_seq - 1;
    if (there.last_seq == 0) {
        add_skipped_seqs();
        return std::nullopt;
    }
    if (there.last_seq == skipped_to) {
        // Does not use its first seq: a store may know only of purges, and return 1.
        const chat::EventPage page = read_page({.room = there.record.id, .limit = 2});
        if (page.events == std::vector{placeholder_event(there.record.id, skipped_to)}) {
            opening_writes_.emplace_back(chat::PurgeEvents{there.record.id, skipped_to});
            return std::nullopt;
        }
    }
    return fmt::format("room {}: begins at seq {} here, and at seq {} in the store", there.record.id, room_->first_seq,
                       there.first_seq);
}

void ImportTarget::add_skipped_seqs() {
    const chat::RoomId id = room_->record.id;
    opening_writes_.emplace_back(chat::AppendEvent{placeholder_event(id, room_->first_seq - 1)});
    opening_writes_.emplace_back(chat::PurgeEvents{id, room_->first_seq - 1});
}

ImportTarget::Fault ImportTarget::check(const chat::Event& event) {
    if (!room_ || event.room != room_->record.id)
        return fmt::format("an event of room {} that does not follow its room", event.room);
    if (event.seq != next_seq_) return fmt::format("room {}: seq {} instead of {}", event.room, event.seq, next_seq_);
    if (event.seq > room_->last_seq)
        return fmt::format("room {}: seq {} is above its last_seq, {}", event.room, event.seq, room_->last_seq);
    ++next_seq_;
    return is_known(event) ? compare(event) : std::nullopt;
}

ImportTarget::Fault ImportTarget::compare(const chat::Event& event) {
    if (known_events_.empty() || known_events_.back().seq < event.seq) {
        known_events_ = read_page({.room = event.room, .after = event.seq - 1, .limit = kEventsAtOnce}).events;
    }
    const auto known = std::ranges::lower_bound(known_events_, event.seq, {}, &chat::Event::seq);
    if (known != known_events_.end() && *known == event) return std::nullopt;
    return fmt::format("room {}: another event with seq {} exists already", event.room, event.seq);
}

chat::EventPage ImportTarget::read_page(const chat::EventQuery& query) {
    chat::EventPage page = read_events(store_, query);
    if (!page.ok)
        throw UnreadableStore(
            fmt::format("room {}: the store's events from seq {} on could not be read", query.room, query.after + 1));
    return page;
}

ImportTarget::Fault ImportTarget::end() const {
    if (!room_ || next_seq_ == room_->last_seq + 1) return std::nullopt;
    return fmt::format("room {} ends too early, at seq {} of {}", room_->record.id, next_seq_ - 1, room_->last_seq);
}

}  // namespace globes::maintenance
