// Every path of the server and its handler. One object for each I/O thread, which makes all calls. Owned by its IoUnit.
#pragma once

#include <memory>

#include "api/core_link.h"
#include "api/rest/history.h"
#include "api/rest/room_tokens.h"
#include "api/rest/rooms.h"
#include "api/services.h"
#include "api/site/site.h"
#include "api/ws/chat_upgrade.h"
#include "net/http_session.h"
#include "net/router.h"

namespace globes::api {

class Routes {
public:
    /// Both outlive all connections.
    Routes(CoreLink& core_link, Services& services);
    Routes(const Routes&) = delete;
    Routes& operator=(const Routes&) = delete;

    /// Answers the request, at once or later. Refuses it in this order: a connection that is kept
    /// back for health checks (503, code 505); too many requests (429); an unknown host (421); an unknown path or
    /// method (404, 405); an effect that a foreign page asks for (403); what the handler refuses.
    void handle(const std::shared_ptr<net::HttpExchange>& http);

private:
    void add_rooms();
    void add_pages();

    CoreLink& core_link_;
    Services& services_;
    Rooms rooms_;
    RoomTokens tokens_;
    History history_;
    ChatUpgrade upgrade_;
    Site site_;
    net::Router router_;
};

}  // namespace globes::api
