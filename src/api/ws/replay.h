// How a connection that was away catches up: page by page from the store, then the log's recent part, then live,
// without gap or repeat. One page at a time for each connection, the next one when the last is sent.
#pragma once

#include "api/core_link.h"
#include "chat/core.h"
#include "chat/io_port.h"

namespace globes::api {

/// Sends what the reader has missed and then subscribes its connection. It ends with 1013 (try again later) where the
/// store can't be read. `lane`'s I/O thread.
void catch_up(CoreLink& core_link, const chat::CatchUp::Reader& reader, chat::ConnectionId connection);

}  // namespace globes::api
