// The history of a room over REST (docs/protocol.md#history). One object for each I/O thread, which makes all calls.
// Owned by the routes.
#pragma once

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/handler.h"
#include "api/services.h"
#include "chat/room_record.h"

namespace globes::api {

class History {
public:
    /// Both outlive all connections.
    History(CoreLink& core_link, Services& services) : core_link_(core_link), services_(services) {}

    /// A page of events, read and encoded on a thread of the store. 503 if the store cannot be read; 409 if the event
    /// that the client saw last (`after` and `at`) is not the stored one.
    Handler page(Exchange exchange, chat::RoomKey key);

private:
    CoreLink& core_link_;
    Services& services_;
};

}  // namespace globes::api
