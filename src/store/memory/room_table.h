// The rooms and events of a memory store. No thread and no lock: the store's thread owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "chat/store.h"

namespace globes::store {

class RoomTable {
public:
    explicit RoomTable(std::size_t events_per_room) : events_per_room_(events_per_room) {}

    /// Carries out all of `batch` and returns true, or nothing of it and returns false: a seq is taken already, or an
    /// event's room is not there.
    bool apply(chat::StoreBatch batch);

    /// The events of `query`; of a room that is not there, none.
    std::vector<chat::Event> read(const chat::EventQuery& query) const;

private:
    struct Room {
        chat::RoomRecord record;
        std::deque<chat::Event> events;  // ascending by seq
        std::uint64_t dropped_to = 0;    // every seq up to this one is taken, though its event may have gone

        bool insert(chat::Event event);
        void erase(std::uint64_t seq);
    };

    /// One step back. With a seq: that event was inserted. Without: the room stood as `before`, or was not there.
    struct Undo {
        chat::RoomId room;
        std::uint64_t seq = 0;
        std::unique_ptr<Room> before = nullptr;
    };

    bool apply_write(chat::PutRoom put);
    bool apply_write(chat::DeleteRoom deletion);
    bool apply_write(chat::AppendEvent append);
    void take_back();
    void drop_oldest();

    const std::size_t events_per_room_;
    std::unordered_map<chat::RoomId, std::unique_ptr<Room>> rooms_;
    std::vector<Undo> undo_;  // of the batch being applied, oldest first
};

}  // namespace globes::store
