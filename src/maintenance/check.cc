#include "maintenance/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/keyed_hash.h"
#include "base/text.h"
#include "maintenance/store_calls.h"

namespace globes::maintenance {
namespace {

/// Whether another process has deleted the room meanwhile.
bool is_deleted(const chat::EventPage& page) { return page.first_seq == 0; }

class Check {
public:
    Check(chat::Store& store, const CheckLines& lines, Progress& progress)
        : store_(store), lines_(lines), progress_(progress) {}

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
        std::unordered_map<std::string, chat::RoomId, KeyedHash> titles;
        for (const chat::StoredRoom& room : stored.rooms) {
            const chat::RoomId id = room.record.id;
            const auto [other, is_new] = titles.emplace(fold_case(room.record.title), id);
            if (!is_new) fault("room {}: room {} has the same title", id, other->second);
            if (id < chat::kFirstRandomRoomId && id >= stored.next_room_id)
                fault("room {}: its id is not below the next room id, {}", id, stored.next_room_id);
            if (id == 0 || id >= chat::kEndOfRoomIds) fault("room {}: its id is not valid", id);
            // Not shown: it is a secret.
            if (!chat::is_room_salt(room.record.salt)) fault("room {}: its salt is not 32 hexadecimal digits", id);
        }
    }

    void check_events(const chat::StoredRoom& room) {
        const chat::RoomId id = room.record.id;
        std::uint64_t next = room.first_seq;
        while (next <= room.last_seq) {
            const chat::EventPage page = read_events(
                store_, {.room = id, .after = next - 1, .before = room.last_seq + 1, .limit = kEventsAtOnce});
            if (!page.ok) return unread("room {}: its events from seq {} on could not be read", id, next);
            if (is_deleted(page)) return;
            // Events that were purged meanwhile are not missing.
            next = std::max(next, std::min(page.first_seq, room.last_seq + 1));
            for (const chat::Event& event : page.events) {
                if (event.seq > next) missing(id, next, event.seq - 1);
                next = event.seq + 1;
                if (!chat::is_known(event.kind))
                    fault("room {}: seq {} has the kind {}, which this version of Globes does not know", id, event.seq,
                          static_cast<int>(event.kind));
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

    /// Looks up each id as for a repeated send: the store must find this event and no other.
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
        if (!lookup.ok) return unread("room {}: its ids from seq {} on could not be looked up", room, seqs.front());
        for (std::size_t i = 0; i < seqs.size(); ++i) {
            if (!lookup.found[i])
                check_not_found(room, seqs[i]);
            else if (lookup.found[i]->seq != seqs[i])
                fault("room {}: seq {} has the same id as seq {} of the same sender", room, seqs[i],
                      lookup.found[i]->seq);
        }
    }

    /// The event may have been purged, or deleted with its room, since it was read.
    void check_not_found(chat::RoomId room, std::uint64_t seq) {
        const chat::EventPage page = read_events(store_, {.room = room});
        if (!page.ok) return unread("room {}: the id of seq {} could not be looked up", room, seq);
        if (page.first_seq <= seq && !is_deleted(page))
            fault("room {}: looking up the id of seq {} does not return this message", room, seq);
    }

    template <class... Values>
    void fault(fmt::format_string<Values...> text, Values&&... values) {
        ++report_.faults;
        lines_.on_fault(fmt::format(text, std::forward<Values>(values)...));
    }

    /// Reports data that could not be read. Throws if the store is unreachable.
    template <class... Values>
    void unread(fmt::format_string<Values...> text, Values&&... values) {
        ++report_.unread;
        std::string line = fmt::format(text, std::forward<Values>(values)...);
        if (!ping(store_)) throw std::runtime_error(line + ", and the store is no longer reachable");
        lines_.on_unread(line);
    }

    chat::Store& store_;
    const CheckLines& lines_;
    Progress& progress_;
    CheckReport report_;
    std::uint64_t all_events_ = 0;
};

}  // namespace

CheckReport check_store(chat::Store& store, const CheckLines& lines, Progress& progress) {
    return Check(store, lines, progress).run();
}

}  // namespace globes::maintenance
