// The rooms and events of a memory store. No thread and no lock: owned by the store's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/keyed_hash.h"
#include "chat/store.h"

namespace globes::store {

class RoomTable {
public:
    explicit RoomTable(std::size_t events_per_room) : events_per_room_(events_per_room) {}

    /// Executes all of `batch` and returns true, or nothing of it and returns false: a seq or a sender's client id is
    /// taken, or an event's room does not exist.
    bool apply(chat::StoreBatch batch);

    /// The events of `query`; empty for a room that does not exist.
    chat::EventPage read(const chat::EventQuery& query) const;
    std::optional<chat::Event> find(const chat::SendKey& key) const;

private:
    using Events = std::deque<chat::Event>;

    /// The data of a room without its record, which no call reads.
    struct Room {
        Events events;  // ascending by seq
        // The seqs of sends with a client id, by sender and id.
        std::unordered_map<std::string, std::uint64_t, KeyedHash> sends;
        std::uint64_t dropped_to = 0;  // every seq up to this one is taken, though its event may be dropped

        bool insert(chat::Event event);
        void erase(std::uint64_t seq);
        /// Removes the `count` oldest events.
        Events drop(std::ptrdiff_t count);
    };

    // What a write did, as far as it is needed for undoing it.
    struct RoomMade {
        chat::RoomId room;
    };
    struct RoomDeleted {
        chat::RoomId room;
        std::unique_ptr<Room> deleted;
    };
    struct EventAppended {
        chat::RoomId room;
        std::uint64_t seq;
    };
    struct EventsPurged {
        chat::RoomId room;
        Events purged;
        std::uint64_t dropped_to_before;
    };
    using Done = std::variant<RoomMade, RoomDeleted, EventAppended, EventsPurged>;

    bool apply_write(const chat::PutRoom& put);
    bool apply_write(const chat::DeleteRoom& deletion);
    bool apply_write(chat::AppendEvent append);
    bool apply_write(const chat::PurgeEvents& purge);
    void take_back(RoomMade& made);
    void take_back(RoomDeleted& deleted);
    void take_back(EventAppended& appended);
    void take_back(EventsPurged& purged);
    void drop_oldest();

    const std::size_t events_per_room_;
    std::unordered_map<chat::RoomId, std::unique_ptr<Room>, KeyedHash> rooms_;
    std::vector<Done> done_;  // of the current batch, oldest first
};

}  // namespace globes::store
