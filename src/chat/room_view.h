// A room as readers see it at one moment: made by the core, read by whoever answers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "chat/room_record.h"

namespace globes::chat {

/// A member: a connection that has a name.
struct RoomUser {
    std::string username;
    std::string color;  ///< Empty: none was given.
    UnixMicros last_activity = 0;
};

/// The longest list of members (docs/adr/0012-listed-members.md). A list of 10,000 would take 0.8 MB, for each client
/// that reconnects.
inline constexpr std::size_t kMaxListedUsers = 200;

struct RoomView {
    RoomRecord record;
    /// The first kMaxListedUsers members in order of arrival. Empty in views for the list of rooms.
    std::vector<RoomUser> users;
    std::size_t online = 0;  ///< The number of members, listed or not.
};

}  // namespace globes::chat
