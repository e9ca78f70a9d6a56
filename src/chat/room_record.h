// The record of a room, the key by which a path names it, and its snapshot. Values. Thread: any.
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

/// Counted ids are below it; random ids, of rooms that were created hidden, are not. All ids are below 2^53, which JSON
/// numbers represent exactly.
inline constexpr RoomId kFirstRandomRoomId = RoomId{1} << 48;
inline constexpr RoomId kEndOfRoomIds = RoomId{1} << 53;
/// The id for the log; `hidden` in place of a random one, with which anyone could find a hidden room.
std::string loggable_id(RoomId id);

/// The id of "Public Chat", which the server creates.
inline constexpr RoomId kPublicChatId = 1;

enum class Visibility : std::uint8_t { public_room = 0, private_room = 1, hidden_room = 2 };

/// `public`, `private` and `hidden`.
std::string_view visibility_text(Visibility visibility);

/// Accepts any letter case. Empty for any other text.
std::optional<Visibility> visibility_from_text(std::string_view text);

/// 16 random bytes in hexadecimal, for a new room. Errors: throws std::runtime_error if the system has no random bytes.
std::string new_room_salt();
/// Whether `text` has the form of `new_room_salt`.
bool is_room_salt(std::string_view text);

/// Another epoch of tokens than `now`, below 2^53: random, because a counter of a restored backup would come again to
/// values under which tokens were issued and ended. Errors: as `new_room_salt`.
std::uint64_t new_token_epoch(std::uint64_t now);

/// Which tokens of a room are valid: its room tokens, and its owners' tokens.
struct TokenEpochs {
    std::uint64_t room = 0;
    std::uint64_t owner = 0;
};

/// The stored part of a room.
struct RoomRecord {
    RoomId id = 0;
    std::string title = {};
    std::string description = {};
    Visibility visibility = Visibility::public_room;
    std::string password_hash = {};  ///< crypt(5) form; empty for a public room. Never leaves the server.
    bool owned = false;              ///< Only the owner's token may change or delete the room.
    /// A part of the key of room tokens. Replaced (`new_token_epoch`) when the password or the visibility changes,
    /// which invalidates the tokens that were issued before. Older versions have counted.
    std::uint64_t token_epoch = 0;
    /// A part of the key of owners' tokens. Replaced when the owner invalidates those that were issued before.
    std::uint64_t owner_epoch = 0;
    /// A part of the keys of all tokens, see `new_room_salt`: ids are used again by a new database and after a restored
    /// backup, and a token of the earlier room MUST NOT be valid in the later one. Never changes, never leaves the
    /// server.
    std::string salt = {};
    /// When the room got its salt, if it is older than salts; else 0. Tokens that were issued until then, under keys
    /// without the salt, are still valid.
    UnixMicros old_keys_until = 0;
    /// How long events are kept, in seconds, and how many; 0: the default of the configuration.
    std::uint64_t retention_s = 0;
    std::uint64_t max_events = 0;
    UnixMicros created_at = 0;
    UnixMicros updated_at = 0;

    TokenEpochs token_epochs() const { return {token_epoch, owner_epoch}; }

    friend bool operator==(const RoomRecord&, const RoomRecord&) = default;
};

/// How a path names a room: a string of digits is an id, any other string is a title.
struct RoomKey {
    std::optional<RoomId> id;
    std::string folded_title;  ///< Empty if `id` is set.

    /// `text` MUST be valid UTF-8. A number that does not fit into RoomId becomes 0, an id that rooms do not have.
    static RoomKey of(std::string_view text);
};

/// A member in a room snapshot.
struct RoomUser {
    std::string username;
    std::string color;  ///< Empty if absent.
    UnixMicros last_activity = 0;
};

/// The limit of listed members. A list of 10,000 members would take 0.8 MB for each client that reconnects.
/// Source: docs/adr/0012-listed-members.md
inline constexpr std::size_t kMaxListedUsers = 200;

/// A room snapshot: the state of a room at one moment.
struct RoomView {
    RoomRecord record;
    /// The first kMaxListedUsers members in order of arrival. Empty in the list of rooms.
    std::vector<RoomUser> users;
    std::size_t online = 0;  ///< The number of members, listed or not.
};

}  // namespace globes::chat
