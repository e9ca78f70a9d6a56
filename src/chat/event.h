// What is said and what happens in a room.
#pragma once

#include <cstdint>
#include <string>

#include "chat/room_record.h"

namespace globes::chat {

/// Durable kinds have a `seq` and are stored; live kinds are only broadcast. The numbers are stored: never reuse one.
enum class EventKind : std::uint8_t { send = 1, join = 101, leave = 102 };

constexpr bool is_durable(EventKind kind) { return static_cast<std::uint8_t>(kind) < 100; }

struct Event {
    EventKind kind = EventKind::send;
    RoomId room = 0;
    std::uint64_t seq = 0;  ///< 1, 2, 3 … in each room for durable events; 0 for live ones.
    std::string name = {};
    std::string color = {};      ///< Empty: none was given.
    std::string text = {};       ///< `msg` on the wire.
    std::string client_id = {};  ///< The sender's own `id`; empty: none was given.
    UnixMicros time = 0;

    friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace globes::chat
