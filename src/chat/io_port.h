// The way from the core to one I/O thread and the connections that live there. A port: chat knows no sockets.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>

#include "chat/event.h"
#include "chat/room_record.h"
#include "roomlog/slice.h"

namespace globes::chat {

/// Names a connection; never used again for another one.
using ConnectionId = std::uint64_t;

/// The most I/O threads that a server can have.
inline constexpr std::size_t kMaxIoThreads = 256;
using IoThreadSet = std::bitset<kMaxIoThreads>;

/// Why the core ends a connection.
enum class Ending : std::uint8_t { authorization_ended, replaced, room_deleted };

/// Core thread only. Calls never block and are carried out in their order on the I/O thread, at the latest after
/// `flush`.
class IoPort {
public:
    virtual ~IoPort() = default;

    /// Frames that were appended to a room's log, for everyone on this io_thread who is in it.
    virtual void extend(RoomId room, const roomlog::Slice& slice) = 0;
    /// Tells one connection what was wrong with an event of its own.
    virtual void refuse(RoomId room, ConnectionId connection, EventRefusal refusal) = 0;
    /// A send with an id of one connection that speaks globes.v1 is stored.
    virtual void acknowledge(ConnectionId connection, const std::string& client_id, std::uint64_t seq,
                             bool is_duplicate) = 0;
    /// Complete frames for one connection alone.
    virtual void send(ConnectionId connection, std::string frames) = 0;
    virtual void end(ConnectionId connection, Ending ending) = 0;
    virtual void flush() = 0;
};

}  // namespace globes::chat
