#include "store/memory/room_table.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <ranges>
#include <utility>

#include "base/text.h"

namespace globes::store {
namespace {

std::string send_key(std::string folded_name, const std::string& client_id) {
    // A byte that cannot occur in UTF-8, so different pairs have different keys.
    return std::move(folded_name.append(1, '\xFF').append(client_id));
}

std::string send_key(const chat::Event& event) { return send_key(fold_case(event.name), event.client_id); }

/// The oldest of `events` that has not expired; `last_seq` + 1 if all have.
std::uint64_t first_unexpired(const std::deque<chat::Event>& events, std::uint64_t last_seq,
                              const chat::Expiry& expiry) {
    if (events.empty()) return last_seq + 1;
    const auto times_at = [&](const std::vector<std::uint64_t>& seqs) {
        std::vector<std::optional<UnixMicros>> times;
        for (const std::uint64_t seq : seqs) {
            const auto event = std::ranges::lower_bound(events, seq, {}, &chat::Event::seq);
            times.push_back(event->seq == seq ? std::optional(event->time) : std::nullopt);
        }
        return times;
    };
    return chat::first_unexpired({.first = events.front().seq, .last = last_seq}, expiry, times_at);
}

}  // namespace

bool RoomTable::Room::insert(chat::Event event) {
    if (event.seq <= dropped_to) return false;
    const auto place = events.empty() || events.back().seq < event.seq
                           ? events.end()
                           : std::ranges::lower_bound(events, event.seq, {}, &chat::Event::seq);
    if (place != events.end() && place->seq == event.seq) return false;
    if (!event.client_id.empty() && !sends.try_emplace(send_key(event), event.seq).second) return false;
    events.insert(place, std::move(event));
    return true;
}

void RoomTable::Room::erase(std::uint64_t seq) {
    const auto place = std::ranges::lower_bound(events, seq, {}, &chat::Event::seq);
    if (!place->client_id.empty()) sends.erase(send_key(*place));
    events.erase(place);
}

RoomTable::Events RoomTable::Room::drop(std::ptrdiff_t count) {
    const auto end = events.begin() + count;
    Events dropped(std::make_move_iterator(events.begin()), std::make_move_iterator(end));
    events.erase(events.begin(), end);
    for (const chat::Event& event : dropped) {
        if (!event.client_id.empty()) sends.erase(send_key(event));
        dropped_to = event.seq;
    }
    return dropped;
}

bool RoomTable::apply(chat::StoreBatch batch) {
    done_.clear();
    for (chat::StoreWrite& write : batch) {
        const bool applied = std::visit([this](auto& one) { return apply_write(std::move(one)); }, write);
        if (applied) continue;
        for (Done& done : std::views::reverse(done_)) std::visit([this](auto& one) { take_back(one); }, done);
        return false;
    }
    drop_oldest();
    return true;
}

bool RoomTable::apply_write(const chat::PutRoom& put) {
    std::unique_ptr<Room>& room = rooms_[put.room.id];
    if (room != nullptr) return true;
    room = std::make_unique<Room>();
    done_.emplace_back(RoomMade{put.room.id});
    return true;
}

bool RoomTable::apply_write(const chat::DeleteRoom& deletion) {
    auto deleted = rooms_.extract(deletion.room);
    if (!deleted.empty()) done_.emplace_back(RoomDeleted{deletion.room, std::move(deleted.mapped())});
    return true;
}

bool RoomTable::apply_write(chat::AppendEvent append) {
    assert(chat::is_durable(append.event.kind));
    const EventAppended appended{append.event.room, append.event.seq};
    const auto room = rooms_.find(appended.room);
    if (room == rooms_.end() || !room->second->insert(std::move(append.event))) return false;
    done_.emplace_back(appended);
    return true;
}

bool RoomTable::apply_write(const chat::PurgeEvents& purge) {
    const auto found = rooms_.find(purge.room);
    if (found == rooms_.end()) return true;
    Room& room = *found->second;
    const std::uint64_t dropped_to_before = room.dropped_to;
    const auto end = std::ranges::upper_bound(room.events, purge.through_seq, {}, &chat::Event::seq);
    done_.emplace_back(EventsPurged{purge.room, room.drop(end - room.events.begin()), dropped_to_before});
    return true;
}

void RoomTable::take_back(RoomMade& made) { rooms_.erase(made.room); }

void RoomTable::take_back(RoomDeleted& deleted) { rooms_[deleted.room] = std::move(deleted.deleted); }

void RoomTable::take_back(EventAppended& appended) { rooms_.at(appended.room)->erase(appended.seq); }

void RoomTable::take_back(EventsPurged& purged) {
    Room& room = *rooms_.at(purged.room);
    room.dropped_to = purged.dropped_to_before;
    for (chat::Event& event : std::views::reverse(purged.purged)) {
        if (!event.client_id.empty()) room.sends.emplace(send_key(event), event.seq);
        room.events.push_front(std::move(event));
    }
}

void RoomTable::drop_oldest() {
    for (const Done& done : done_) {
        const auto* appended = std::get_if<EventAppended>(&done);
        const auto room = appended == nullptr ? rooms_.end() : rooms_.find(appended->room);
        if (room == rooms_.end() || room->second->events.size() <= events_per_room_) continue;
        room->second->drop(std::ssize(room->second->events) - static_cast<std::ptrdiff_t>(events_per_room_));
    }
}

chat::EventPage RoomTable::read(const chat::EventQuery& query) const {
    chat::EventPage page{.ok = true};
    const auto found = rooms_.find(query.room);
    if (found == rooms_.end()) return page;
    const Events& events = found->second->events;
    const std::uint64_t last_seq = events.empty() ? found->second->dropped_to : events.back().seq;
    page.first_seq = first_unexpired(events, last_seq, query.expiry);
    const auto oldest = std::ranges::lower_bound(events, page.first_seq, {}, &chat::Event::seq);
    auto first = std::ranges::upper_bound(oldest, events.end(), query.after, {}, &chat::Event::seq);
    auto last = query.before == 0 ? events.end()
                                  : std::ranges::lower_bound(first, events.end(), query.before, {}, &chat::Event::seq);
    if (static_cast<std::size_t>(last - first) > query.limit) {
        const auto limit = static_cast<std::ptrdiff_t>(query.limit);
        (query.keeps_newest ? first = last - limit : last = first + limit);
    }
    chat::PageBytes bytes(query);
    const auto fits = [&](const chat::Event& event) { return bytes.take(event); };
    if (query.keeps_newest) {
        const auto cut =
            std::find_if_not(std::make_reverse_iterator(last), std::make_reverse_iterator(first), fits).base();
        page.is_cut = std::exchange(first, cut) != cut;
    } else {
        const auto cut = std::find_if_not(first, last, fits);
        page.is_cut = std::exchange(last, cut) != cut;
    }
    page.events.assign(first, last);
    return page;
}

std::optional<chat::Event> RoomTable::find(const chat::SendKey& key) const {
    const auto room = rooms_.find(key.room);
    if (room == rooms_.end()) return std::nullopt;
    const auto send = room->second->sends.find(send_key(key.folded_name, key.client_id));
    if (send == room->second->sends.end()) return std::nullopt;
    return *std::ranges::lower_bound(room->second->events, send->second, {}, &chat::Event::seq);
}

}  // namespace globes::store
