// Which ids clients have sent lately: one that comes again is looked up at once instead of being refused by the store.
// Shared by all rooms of a core, core thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>

#include "base/ring.h"
#include "chat/room_record.h"

namespace globes::chat {

class RecentIds {
public:
    /// Holds as many ids as fit into `max_bytes`; beyond that it forgets the oldest.
    explicit RecentIds(std::size_t max_bytes) : max_ids_(max_bytes / kBytesOfId) {}

    /// Remembers an id of a sender in `room`. Returns whether it was there already; seldom, one that wasn't looks so.
    bool add(RoomId room, std::string_view id);
    /// The id is known not to be stored: when it comes again, it counts as new.
    void forget(RoomId room, std::string_view id);

    /// What one id takes, with its places in the line and in the table.
    static constexpr std::size_t kBytesOfId = 64;

private:
    std::size_t max_ids_;
    Ring<std::size_t> oldest_first_;  // hashes
    std::unordered_set<std::size_t> known_;
};

}  // namespace globes::chat
