#include "maintenance/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/unicode.h"
#include "maintenance/store_calls.h"

namespace globes::maintenance {
namespace {

class Check {
public:
    Check(chat::Store& store, const std::function<void(const std::string&)>& on_fault, Progress& progress)
        : store_(store), on_fault_(on_fault), progress_(progress) {}

    CheckReport run() {
        const chat::StoredRooms stored = store_.load_rooms();
        all_events_ = count_events(stored.rooms);
        check_rooms(stored);
        for (const chat::StoredRoom& room : stored.rooms) check_events(room);
        return report_;
    }

private:
    void check_rooms(const chat::StoredRooms& stored) {
        report_.rooms = stored.rooms.size();
        std::unordered_map<std::string, chat::RoomId> titles;
        for (const chat::StoredRoom& room : stored.rooms) {
            const chat::RoomId id = room.record.id;
            const auto [other, is_new] = titles.emplace(fold_case(room.record.title), id);
            if (!is_new) fault("room {}: its title is also that of room {}", id, other->second);
            if (id < chat::kFirstRandomRoomId && id >= stored.next_room_id)
                fault("room {}: its id is not below the next one to be given, {}", id, stored.next_room_id);
            if (id == 0 || id >= chat::kEndOfRoomIds) fault("room {}: no room may have this id", id);
        }
    }

    void check_events(const chat::StoredRoom& room) {
        const chat::RoomId id = room.record.id;
        std::uint64_t next = room.first_seq;
        while (next <= room.last_seq) {
            const chat::EventPage page = read_events(
                store_, {.room = id, .after = next - 1, .before = room.last_seq + 1, .limit = kEventsAtOnce});
            if (!page.ok) return fault("room {}: its events from seq {} on cannot be read", id, next);
            // What was purged meanwhile is not missing.
            next = std::max(next, std::min(page.first_seq, room.last_seq + 1));
            for (const chat::Event& event : page.events) {
                if (event.seq > next) missing(id, next, event.seq - 1);
                next = event.seq + 1;
            }
            if (page.events.empty() && next <= room.last_seq)
                missing(id, std::exchange(next, room.last_seq + 1), room.last_seq);
            check_ids(id, page.events);
            report_.events += page.events.size();
            progress_.at_part(report_.events, all_events_);
        }
    }

    void missing(chat::RoomId room, std::uint64_t first, std::uint64_t last) {
        if (first == last) return fault("room {}: seq {} is missing", room, first);
        fault("room {}: seqs {} to {} are missing", room, first, last);
    }

    /// The store is asked for each id as it would be when that send comes again: it must know this event and no other.
    void check_ids(chat::RoomId room, const std::vector<chat::Event>& events) {
        std::vector<chat::SendKey> keys;
        std::vector<std::uint64_t> seqs;
        for (const chat::Event& event : events) {
            if (event.client_id.empty()) continue;
            keys.push_back({.room = room, .folded_name = fold_case(event.name), .client_id = event.client_id});
            seqs.push_back(event.seq);
        }
        if (keys.empty()) return;
        const chat::SendLookup lookup = find_sends(store_, std::move(keys));
        if (!lookup.ok) return fault("room {}: its ids from seq {} on cannot be looked up", room, seqs.front());
        for (std::size_t i = 0; i < seqs.size(); ++i) {
            if (!lookup.found[i] && !is_purged(room, seqs[i]))
                fault("room {}: seq {} is not found by its id", room, seqs[i]);
            else if (lookup.found[i] && lookup.found[i]->seq != seqs[i])
                fault("room {}: seq {} has the id of seq {}, by the same sender", room, seqs[i], lookup.found[i]->seq);
        }
    }

    bool is_purged(chat::RoomId room, std::uint64_t seq) {
        const chat::EventPage page = read_events(store_, {.room = room});
        return page.ok && page.first_seq > seq;
    }

    template <class... Values>
    void fault(fmt::format_string<Values...> text, Values&&... values) {
        ++report_.faults;
        on_fault_(fmt::format(text, std::forward<Values>(values)...));
    }

    chat::Store& store_;
    const std::function<void(const std::string&)>& on_fault_;
    Progress& progress_;
    CheckReport report_;
    std::uint64_t all_events_ = 0;
};

}  // namespace

CheckReport check_store(chat::Store& store, const std::function<void(const std::string&)>& on_fault,
                        Progress& progress) {
    return Check(store, on_fault, progress).run();
}

}  // namespace globes::maintenance
