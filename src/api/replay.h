// How a connection that was away catches up: page by page from the store, then the log's recent part, then live,
// without gap or repeat. One page at a time for each connection, the next one when the last is sent.
#pragma once

#include "api/io_lane.h"
#include "chat/lane.h"

namespace globes::api {

/// Sends the events after `after` and then subscribes the connection. It ends with 1013 (try again later) where the
/// store can't be read. `lane`'s I/O thread.
void catch_up(IoLane& lane, chat::RoomId room, chat::ConnectionId connection, std::uint64_t after);

}  // namespace globes::api
