// The client ids of recent sends. A send with one of these ids is looked up first; otherwise the store would have to
// refuse it. Owned by the core, shared by its rooms. Thread: the core thread.
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
    /// Keeps as many ids as fit into `max_bytes`, and drops the oldest above that.
    explicit RecentIds(std::size_t max_bytes) : max_ids_(max_bytes / kBytesOfId) {}

    /// Adds an id. `id`: the sender and its client id, in `room`. Returns whether it was there already. Rarely true for
    /// a new id, because only hashes are kept.
    bool add(RoomId room, std::string_view id);
    /// Removes an id that is known not to be stored.
    void forget(RoomId room, std::string_view id);

    /// The memory of one id: its entries in the ring and in the hash table.
    static constexpr std::size_t kBytesOfId = 64;

private:
    using IdHash = std::size_t;  // a KeyedHash

    static IdHash hash_of(RoomId room, std::string_view id);

    std::size_t max_ids_;
    Ring<IdHash> oldest_first_;
    std::unordered_set<IdHash> known_;
};

}  // namespace globes::chat
