// The handler of a WebSocket session in the chat: parses its text frames to events for the core, and refuses invalid
// ones. Owned by the session, I/O thread only.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "api/core_link.h"
#include "api/services.h"
#include "chat/io_port.h"
#include "chat/rate_limiter.h"
#include "net/address_limits.h"
#include "net/ws_session.h"

namespace globes::api {

/// What all chat sockets of one I/O thread share; outlives them.
struct ChatContext {
    CoreLink& core_link;
    const FloodLimits& limits;
    RefusalLog& refusal_log;
};

class ChatSocket final : public net::WsHandler {
public:
    ChatSocket(const ChatContext& context, chat::RoomId room, chat::ConnectionId connection, net::ClientAddress client)
        : context_(context), room_(room), connection_(connection), client_(std::move(client)) {}

    /// Keeps what counts the connection until the session ends.
    void hold(net::AddressConnection open) { open_ = std::move(open); }

    void on_text(net::WsSession& session, std::string_view message) override;
    bool on_ping(net::WsSession& session) override;
    void on_other_frame(net::WsSession& session) override;
    void on_slow_consumer() override;
    /// Tells the core that the connection has ended. A second call has no effect there.
    void on_closed() override;

private:
    /// Most connections only listen and have none of these.
    struct Sender {
        chat::RateLimiter messages;
        chat::RateLimiter pings;
        chat::RateLimiter other_frames;
        std::uint32_t uncounted_frames = 0;  ///< Since `other_frames` was asked.
        bool may_have_name = false;          ///< Since the last leave, or the beginning.
    };
    Sender& sender();
    bool allow(net::WsSession& session, chat::RateVerdict verdict, std::string_view message, std::string_view limit);
    bool allow(net::WsSession& session, const chat::ClientEvent& event, chat::RateLimiter::TimePoint now);
    void refuse(net::WsSession& session, chat::EventRefusal refusal, chat::RateVerdict verdict, std::string_view limit);

    const ChatContext& context_;
    const chat::RoomId room_;
    const chat::ConnectionId connection_;
    const net::ClientAddress client_;
    net::AddressConnection open_;
    std::unique_ptr<Sender> sender_;  // null until the first frame
};

}  // namespace globes::api
