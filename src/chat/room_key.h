// How a path names a room: digits only are an id, all else is a title.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/room_record.h"

namespace globes::chat {

struct RoomKey {
    std::optional<RoomId> id;
    std::string folded_title;  ///< Where there is no id.

    /// `text` must be valid UTF-8. A number that no room can have is the id of no room.
    static RoomKey of(std::string_view text);
};

}  // namespace globes::chat
