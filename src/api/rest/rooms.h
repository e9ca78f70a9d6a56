// The rooms of the REST API (docs/protocol.md#rooms): list, create, get, update, delete. One object for each I/O
// thread, which makes all calls. Owned by the routes.
#pragma once

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/handler.h"
#include "api/services.h"
#include "chat/room_record.h"

namespace globes::api {

class Rooms {
public:
    /// Both outlive all connections.
    Rooms(CoreLink& core_link, Services& services) : core_link_(core_link), services_(services) {}

    Handler list(Exchange exchange);
    /// Hashes the password, if there is one, on a worker.
    Handler create(Exchange exchange);
    Handler get(Exchange exchange, chat::RoomKey key);
    /// As `create`. If somebody else changes the room meanwhile, it checks and applies the change again, up to
    /// `kMostAttempts` times.
    Handler update(Exchange exchange, chat::RoomKey key);
    Handler remove(Exchange exchange, chat::RoomKey key);

private:
    CoreLink& core_link_;
    Services& services_;
};

}  // namespace globes::api
