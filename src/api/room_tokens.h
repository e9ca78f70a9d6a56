// Room tokens over REST (wire contract, section 2): asking for one with the room's password, and renewing it. One
// object for each I/O thread, which makes all calls; the hashing runs on workers.
#pragma once

#include <string>

#include "api/exchange.h"
#include "api/io_lane.h"
#include "api/services.h"
#include "chat/room_key.h"

namespace globes::api {

class RoomTokens {
public:
    RoomTokens(IoLane& lane, Services& services) : lane_(lane), services_(services) {}

    void request(const Exchange& exchange, const chat::RoomKey& key);
    void renew(const Exchange& exchange, const chat::RoomKey& key);

private:
    void check_secret(const Exchange& exchange, const chat::RoomRecord& room);

    IoLane& lane_;
    Services& services_;
};

}  // namespace globes::api
