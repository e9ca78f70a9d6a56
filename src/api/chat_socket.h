// A person's side of a chat room's WebSocket: frames become events for the core, faults go back to their sender.
#pragma once

#include <string_view>

#include "api/io_lane.h"
#include "chat/lane.h"
#include "chat/rate_limiter.h"
#include "net/ws_handler.h"
#include "net/ws_session.h"

namespace globes::api {

/// The limits of a connection; shared by all and constant.
struct FloodLimits {
    chat::RateLimit messages;
    chat::RateLimit pings;  ///< Ten times as high.
};

class ChatSocket final : public net::WsHandler {
public:
    ChatSocket(IoLane& lane, chat::RoomId room, chat::ConnectionId connection, const FloodLimits& limits)
        : lane_(lane), limits_(limits), room_(room), connection_(connection) {}

    void on_text(net::WsSession& session, std::string_view message) override;
    bool on_ping(net::WsSession& session) override;
    void on_closed() override;

private:
    bool allow(net::WsSession& session, chat::RateVerdict verdict, std::string_view message);

    IoLane& lane_;
    const FloodLimits& limits_;
    const chat::RoomId room_;
    const chat::ConnectionId connection_;
    chat::RateLimiter messages_;
    chat::RateLimiter pings_;
};

/// Tells a session what was wrong with an event of its own. I/O thread only.
void send_refusal(net::WsSession& session, chat::RoomId room, const Error& error, std::string_view client_id);
/// Closes a session with the code of `ending`. I/O thread only.
void end_session(net::WsSession& session, chat::Ending ending);

}  // namespace globes::api
