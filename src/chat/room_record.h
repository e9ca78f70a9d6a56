// What a room is, apart from who is in it: the part that is kept.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace globes::chat {

using RoomId = std::uint64_t;

/// Counted ids lie below, the random ones of rooms created hidden at or above; all are below 2^53 (JSON integers).
inline constexpr RoomId kFirstRandomRoomId = RoomId{1} << 48;
inline constexpr RoomId kEndOfRoomIds = RoomId{1} << 53;
/// "Public Chat", which belongs to the server.
inline constexpr RoomId kPublicChatId = 1;

enum class Visibility : std::uint8_t { public_room = 0, private_room = 1, hidden_room = 2 };

struct RoomRecord {
    RoomId id = 0;
    std::string title = {};
    std::string description = {};
    Visibility visibility = Visibility::public_room;
    std::string password_hash = {};  ///< crypt(5) form; empty for a public room. Never leaves the server.
    bool owned = false;              ///< Only the owner's token may change or delete the room.
    /// Part of every room token's key: counted up when the password or the visibility changes, so older tokens end.
    std::uint64_t token_epoch = 0;
    /// Seconds that an event is kept, and how many are; 0: the configuration's default.
    std::uint64_t retention_s = 0;
    std::uint64_t max_events = 0;
    UnixMicros created_at = 0;
    UnixMicros updated_at = 0;

    friend bool operator==(const RoomRecord&, const RoomRecord&) = default;
};

}  // namespace globes::chat
