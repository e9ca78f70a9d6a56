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

struct RoomView {
    RoomRecord record;
    std::vector<RoomUser> users;  ///< In order of arrival; left empty in views for the list of rooms.
    std::size_t online = 0;       ///< How many members there are.
};

}  // namespace globes::chat
