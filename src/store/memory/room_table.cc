#include "store/memory/room_table.h"

#include <algorithm>
#include <cassert>
#include <ranges>
#include <utility>

namespace globes::store {

bool RoomTable::Room::insert(chat::Event event) {
    if (event.seq <= dropped_to) return false;
    if (events.empty() || events.back().seq < event.seq) {
        events.push_back(std::move(event));
        return true;
    }
    const auto place = std::ranges::lower_bound(events, event.seq, {}, &chat::Event::seq);
    if (place->seq == event.seq) return false;
    events.insert(place, std::move(event));
    return true;
}

void RoomTable::Room::erase(std::uint64_t seq) {
    events.erase(std::ranges::lower_bound(events, seq, {}, &chat::Event::seq));
}

bool RoomTable::apply(chat::StoreBatch batch) {
    undo_.clear();
    for (chat::StoreWrite& write : batch) {
        const bool applied = std::visit([this](auto& one) { return apply_write(std::move(one)); }, write);
        if (applied) continue;
        take_back();
        return false;
    }
    drop_oldest();
    return true;
}

bool RoomTable::apply_write(chat::PutRoom put) {
    const chat::RoomId id = put.room.id;
    std::unique_ptr<Room>& room = rooms_[id];
    auto replaced = std::exchange(room, std::make_unique<Room>());
    room->record = std::move(put.room);
    if (replaced) {
        room->events.swap(replaced->events);
        room->dropped_to = replaced->dropped_to;
    }
    undo_.push_back({.room = id, .before = std::move(replaced)});
    return true;
}

bool RoomTable::apply_write(chat::DeleteRoom deletion) {
    auto deleted = rooms_.extract(deletion.room);
    if (!deleted.empty()) undo_.push_back({.room = deletion.room, .before = std::move(deleted.mapped())});
    return true;
}

bool RoomTable::apply_write(chat::AppendEvent append) {
    assert(chat::is_durable(append.event.kind));
    const chat::RoomId id = append.event.room;
    const std::uint64_t seq = append.event.seq;
    const auto room = rooms_.find(id);
    if (room == rooms_.end() || !room->second->insert(std::move(append.event))) return false;
    undo_.push_back({.room = id, .seq = seq});
    return true;
}

void RoomTable::take_back() {
    for (Undo& undo : std::views::reverse(undo_)) {
        if (undo.seq != 0) {
            rooms_.at(undo.room)->erase(undo.seq);
        } else if (undo.before == nullptr) {
            rooms_.erase(undo.room);
        } else {
            std::unique_ptr<Room>& room = rooms_[undo.room];
            // A replaced record left its events to the one that took its place.
            if (room) room->events.swap(undo.before->events);
            room = std::move(undo.before);
        }
    }
}

void RoomTable::drop_oldest() {
    for (const Undo& applied : undo_) {
        if (applied.seq == 0) continue;
        const auto room = rooms_.find(applied.room);
        if (room == rooms_.end()) continue;
        std::deque<chat::Event>& events = room->second->events;
        while (events.size() > events_per_room_) {
            room->second->dropped_to = events.front().seq;
            events.pop_front();
        }
    }
}

std::vector<chat::Event> RoomTable::read(const chat::EventQuery& query) const {
    const auto found = rooms_.find(query.room);
    if (found == rooms_.end()) return {};
    const std::deque<chat::Event>& events = found->second->events;
    auto first = std::ranges::upper_bound(events, query.after, {}, &chat::Event::seq);
    auto last = query.before == 0 ? events.end()
                                  : std::ranges::lower_bound(first, events.end(), query.before, {}, &chat::Event::seq);
    if (last - first > 0 && static_cast<std::size_t>(last - first) > query.limit) {
        const auto limit = static_cast<std::ptrdiff_t>(query.limit);
        (query.newest_first_cut ? first = last - limit : last = first + limit);
    }
    return last - first > 0 ? std::vector<chat::Event>(first, last) : std::vector<chat::Event>();
}

}  // namespace globes::store
