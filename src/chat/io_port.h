// The interface through which the core reaches one I/O thread and its connections, without knowledge of sockets.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/mailbox.h"
#include "chat/event.h"
#include "chat/room_record.h"
#include "roomlog/slice.h"

namespace globes::chat {

/// Identifies a connection on all threads. Never used for another connection.
using ConnectionId = std::uint64_t;

/// The limit of I/O threads.
inline constexpr std::size_t kMaxIoThreads = 256;
using IoThreadSet = std::bitset<kMaxIoThreads>;

/// Why the core ends a connection.
enum class Ending : std::uint8_t { authorization_ended, replaced, room_deleted };

/// Calls never block. The I/O thread carries them out in order, some possibly before `flush`. Calls for a connection
/// that has ended are ignored. Thread: the core thread.
class IoPort {
public:
    virtual ~IoPort() = default;

    /// Extends the room's topic by a slice of the room log.
    virtual void extend(RoomId room, const roomlog::Slice& slice) = 0;
    /// Tells a connection why its event was refused.
    virtual void refuse(RoomId room, ConnectionId connection, EventRefusal refusal) = 0;
    /// Tells a connection that speaks globes.v1 that its send with a client id is stored. `is_duplicate`: by an earlier
    /// send with this id.
    virtual void acknowledge(ConnectionId connection, const std::string& client_id, std::uint64_t seq,
                             bool is_duplicate) = 0;
    /// Sends complete frames to one connection alone.
    virtual void send(ConnectionId connection, std::string frames) = 0;
    virtual void end(ConnectionId connection, Ending ending) = 0;
    /// Runs a task.
    virtual void run(Task task) = 0;
    /// Hands all calls since the last `flush` to the I/O thread.
    virtual void flush() = 0;
};

}  // namespace globes::chat
