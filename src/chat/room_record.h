// A room: the part that is stored, how a path names it, and how readers see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace globes::chat {

using RoomId = std::uint64_t;

/// Counted ids lie below, the random ones of rooms created hidden at or above; all are below 2^53 (JSON integers).
inline constexpr RoomId kFirstRandomRoomId = RoomId{1} << 48;
inline constexpr RoomId kEndOfRoomIds = RoomId{1} << 53;
/// "Public Chat", which belongs to the server.
inline constexpr RoomId kPublicChatId = 1;

enum class Visibility : std::uint8_t { public_room = 0, private_room = 1, hidden_room = 2 };

/// `public`, `private` and `hidden`.
std::string_view visibility_text(Visibility visibility);

/// Accepts any letter case. Empty for any other text.
std::optional<Visibility> visibility_from_text(std::string_view text);

/// The stored part of a room.
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

/// How a path names a room: digits are an id, all other texts a title.
struct RoomKey {
    std::optional<RoomId> id;
    std::string folded_title;  ///< Where there is no id.

    /// `text` must be valid UTF-8. A number that no room can have is the id of no room.
    static RoomKey of(std::string_view text);
};

/// A member: a connection that has a name.
struct RoomUser {
    std::string username;
    std::string color;  ///< Empty: none was given.
    UnixMicros last_activity = 0;
};

/// The longest list of members (docs/adr/0012-listed-members.md). A list of 10,000 would take 0.8 MB, for each client
/// that reconnects.
inline constexpr std::size_t kMaxListedUsers = 200;

/// A room as readers see it at one moment.
struct RoomView {
    RoomRecord record;
    /// The first kMaxListedUsers members in order of arrival. Empty in views for the list of rooms.
    std::vector<RoomUser> users;
    std::size_t online = 0;  ///< The number of members, listed or not.
};

}  // namespace globes::chat
