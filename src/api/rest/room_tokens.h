// Room tokens and owners' tokens over REST (docs/protocol.md#tokens-and-owners). One object for each I/O thread, which
// makes all calls. Owned by the routes.
#pragma once

#include <string>

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/handler.h"
#include "api/services.h"
#include "chat/room_record.h"

namespace globes::api {

class RoomTokens {
public:
    /// Both outlive all connections.
    RoomTokens(CoreLink& core_link, Services& services) : core_link_(core_link), services_(services) {}

    /// Issues a room token for the room's password, which a worker verifies. 503 if its queue is full; 429 after too
    /// many wrong passwords, with the time to wait.
    Handler request(Exchange exchange, chat::RoomKey key);
    /// Replaces a valid token by a newer one of the same kind.
    Handler renew(Exchange exchange, chat::RoomKey key);
    /// Invalidates all owners' tokens of the room and issues a new one, for the holder of one of them. If somebody else
    /// changes the room meanwhile, it checks the token and applies the change again.
    Handler end_owner_tokens(Exchange exchange, chat::RoomKey key);

private:
    void respond_token(const Exchange& exchange, int status, const chat::RoomRecord& room, const std::string& name,
                       bool owner);

    CoreLink& core_link_;
    Services& services_;
};

}  // namespace globes::api
