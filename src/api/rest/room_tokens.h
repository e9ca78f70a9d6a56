// Room tokens over REST (docs/protocol.md#tokens-and-owners): asking for one with the room's password, and renewing it.
// One object for each I/O thread, which makes all calls; the hashing runs on workers.
#pragma once

#include <string>

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/services.h"
#include "chat/room_key.h"

namespace globes::api {

class RoomTokens {
public:
    RoomTokens(CoreLink& core_link, Services& services) : core_link_(core_link), services_(services) {}

    void request(const Exchange& exchange, const chat::RoomKey& key);
    void renew(const Exchange& exchange, const chat::RoomKey& key);

private:
    void check_secret(const Exchange& exchange, const chat::RoomRecord& room);

    CoreLink& core_link_;
    Services& services_;
};

}  // namespace globes::api
