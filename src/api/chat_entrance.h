// The way into a room: GET /chats/{room}/ws from the first look at the handshake to the open WebSocket (wire contract,
// section 3). One object for each I/O thread, which makes all calls.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/exchange.h"
#include "api/io_lane.h"
#include "api/services.h"
#include "chat/room_key.h"
#include "chat/tokens.h"

namespace globes::api {

class ChatEntrance {
public:
    ChatEntrance(IoLane& lane, Services& services) : lane_(lane), services_(services) {}

    void upgrade(const Exchange& exchange, const chat::RoomKey& key);

private:
    void enter(const Exchange& exchange, const chat::RoomRecord& room);
    void open(const Exchange& exchange, const chat::Core::Entered& entered, chat::ConnectionId connection,
              std::string_view subprotocol);

    IoLane& lane_;
    Services& services_;
};

}  // namespace globes::api
