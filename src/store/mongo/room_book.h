// What is known of every room without asking the server: what was committed, and which rooms are in doubt. This process
// is the only writer, so the book is right. The committer writes it; every reader looks into it first, and so sees all
// of a batch or nothing of it, though the documents come one by one.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chat/store.h"

namespace globes::store::mongo {

struct RoomState {
    std::shared_ptr<const chat::RoomRecord> record = nullptr;
    std::uint64_t last_seq = 0;
    UnixMicros opening_time = 0;    ///< Of the newest event when the book was made; who loads the rooms comes then.
    std::uint64_t purged_seq = 0;   ///< Every event up to it is gone for readers, and goes from the server later.
    std::uint64_t version = 0;      ///< Of the room's document: the newest wins, whatever arrives when.
    std::uint64_t incarnation = 0;  ///< A room that is made again under its id is another one.
};

class RoomBook {
public:
    /// What a reader may see of a room.
    struct Part {
        bool is_settled = true;
        std::uint64_t purged_seq = 0;
        std::uint64_t last_seq = 0;  ///< 0 also where there is no room.
    };

    /// A read that is under way: what it may see stays on the server until it ends.
    class Reading {
    public:
        explicit Reading(RoomBook& book);
        ~Reading();
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        Part part(chat::RoomId room) const;

    private:
        RoomBook& book_;
        std::uint64_t ticket_;
    };

    // The committer only.
    const RoomState* find(chat::RoomId room) const;
    void put(chat::RoomId room, RoomState state);
    void erase(chat::RoomId room);
    void add_unsettled(chat::RoomId room);
    void settle(std::span<const chat::RoomId> rooms);
    void raise_next_room_id(chat::RoomId next);

    // Any thread.
    struct EventPlace {
        chat::RoomId room;
        std::uint64_t seq;
        friend bool operator==(const EventPlace&, const EventPlace&) = default;
    };
    /// Of the event that became visible last; nothing where that may be gone from the server.
    std::optional<EventPlace> newest_event() const;
    chat::StoredRooms rooms() const;
    /// What was erased before this call is seen by no read that begins later; those before have lower tickets.
    std::uint64_t next_ticket() const;
    bool has_readings_before(std::uint64_t ticket) const;

private:
    mutable std::mutex mutex_;
    std::unordered_map<chat::RoomId, RoomState> rooms_;
    std::unordered_set<chat::RoomId> unsettled_;
    EventPlace newest_event_{};
    chat::RoomId next_room_id_ = 1;
    std::uint64_t next_ticket_ = 1;
    std::set<std::uint64_t> readings_;
};

}  // namespace globes::store::mongo
