// Entering a room by WebSocket: GET /chats/{room}/ws, from the check of the handshake to the open session that has
// received the events it missed (docs/protocol.md#opening-the-socket). One object for each I/O thread, which makes all
// calls. Owned by the routes.
#pragma once

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/handler.h"
#include "api/services.h"
#include "api/ws/chat_socket.h"
#include "chat/room_record.h"

namespace globes::api {

class ChatUpgrade {
public:
    /// Both outlive all connections.
    ChatUpgrade(CoreLink& core_link, Services& services)
        : core_link_(core_link),
          services_(services),
          context_{.core_link = core_link, .limits = services.flood, .refusal_log = services.refusal_log} {}

    /// Answers 101 and opens a session, or refuses the request.
    Handler upgrade(Exchange exchange, chat::RoomKey key);

private:
    struct Upgrade;
    void open(const Exchange& exchange, const Upgrade& upgrade);
    void open_socket(const Exchange& exchange, const Upgrade& upgrade);

    CoreLink& core_link_;
    Services& services_;
    const ChatContext context_;
};

}  // namespace globes::api
