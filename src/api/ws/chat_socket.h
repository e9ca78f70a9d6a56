// A person's side of a chat room's WebSocket: frames become events for the core, faults go back to their sender.
#pragma once

#include <memory>
#include <string_view>

#include "api/core_link.h"
#include "chat/io_port.h"
#include "chat/rate_limiter.h"
#include "net/ws_handler.h"
#include "net/ws_session.h"

namespace globes::api {

/// The limits of a connection; shared by all and constant.
struct FloodLimits {
    chat::RateLimit messages;
    chat::RateLimit pings;  ///< Ten times as high.
};

/// What all chat sockets of one I/O thread share; outlives them.
struct ChatSide {
    CoreLink& core_link;
    const FloodLimits& limits;
};

class ChatSocket final : public net::WsHandler {
public:
    ChatSocket(const ChatSide& side, chat::RoomId room, chat::ConnectionId connection)
        : side_(side), room_(room), connection_(connection) {}

    void on_text(net::WsSession& session, std::string_view message) override;
    bool on_ping(net::WsSession& session) override;
    void on_closed() override;

private:
    struct Limiters {
        chat::RateLimiter messages;
        chat::RateLimiter pings;
    };
    Limiters& limiters();
    bool allow(net::WsSession& session, chat::RateVerdict verdict, std::string_view message);

    const ChatSide& side_;
    const chat::RoomId room_;
    const chat::ConnectionId connection_;
    std::unique_ptr<Limiters> limiters_;  // null until it says something: most only listen
};

/// Tells a session of that lane what was wrong with an event of its own. I/O thread only.
void send_refusal(CoreLink& core_link, net::WsSession& session, chat::RoomId room, const chat::EventRefusal& refusal);
/// Closes a session with the code of `ending`. I/O thread only.
void end_session(net::WsSession& session, chat::Ending ending);

}  // namespace globes::api
