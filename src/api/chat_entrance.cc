#include "api/chat_entrance.h"

#include <memory>
#include <utility>

#include "api/access.h"
#include "api/chat_socket.h"
#include "api/error_table.h"
#include "api/origin.h"
#include "net/ws_handshake.h"

namespace globes::api {
namespace {

/// The protocol of clients that resume; not spoken yet, so it is never selected and is no token either.
constexpr std::string_view kResumableProtocol = "globes.v1";

/// The first offered subprotocol that may be a token, empty without one. It is answered as it came, or browsers would
/// drop the connection.
std::string_view offered_token(const net::HttpRequest& request) {
    for (const std::string_view offer : net::offered_subprotocols(request))
        if (offer != kResumableProtocol) return offer;
    return {};
}

net::HttpResponse handshake_refusal(const net::HandshakeRefusal& refusal) {
    net::HttpResponse response = error_response(Error{ErrorCode::session_not_established}, refusal.status);
    response.headers.insert(response.headers.end(), refusal.headers.begin(), refusal.headers.end());
    return response;
}

constexpr int kForbidden = 403;

}  // namespace

void ChatEntrance::upgrade(const Exchange& exchange, const chat::RoomKey& key) {
    const net::HttpRequest& request = exchange.request();
    if (const auto checked = net::check_handshake(request); !checked)
        return exchange.respond(handshake_refusal(checked.error()));
    if (!is_origin_allowed(request, services_.allowed_origins))
        return exchange.respond(error_response(Error{ErrorCode::unauthorized}, kForbidden));
    with_room(lane_, exchange, key, [this, exchange](const chat::RoomRecord& room) { enter(exchange, room); });
}

void ChatEntrance::enter(const Exchange& exchange, const chat::RoomRecord& room) {
    const net::HttpRequest& request = exchange.request();
    const std::string subprotocol(offered_token(request));
    const std::string_view bearer = bearer_token(request);
    const auto claims = may_enter(room, bearer.empty() ? subprotocol : bearer, services_.tokens);
    if (!claims) return exchange.respond_error(claims.error());
    chat::Entry entry{.connection = lane_.io().hub().next_id(), .lane = lane_.number()};
    if (*claims) {
        entry.token_name = (*claims)->username;
        entry.owner = (*claims)->owner;
    }
    const chat::ConnectionId connection = entry.connection;
    lane_.ask_core([id = room.id, epoch = room.token_epoch, entry = std::move(entry)](
                       chat::Core& core) mutable { return core.enter(id, epoch, std::move(entry)); },
                   [this, exchange, connection, subprotocol](const Result<chat::Core::Entered>& entered) {
                       if (!entered) return exchange.respond_error(entered.error());
                       open(exchange, *entered, connection, subprotocol);
                   });
}

// Runs in the mailbox's order: frames that are published after `entered.from` come behind this.
void ChatEntrance::open(const Exchange& exchange, const chat::Core::Entered& entered, chat::ConnectionId connection,
                        std::string_view subprotocol) {
    auto upgraded = exchange.take_over();
    auto socket = std::make_unique<ChatSocket>(lane_, entered.room, connection, services_.flood);
    if (!upgraded) return socket->on_closed();
    net::WsHub& hub = lane_.io().hub();
    net::WsSession* session =
        hub.adopt(connection, upgraded->fd, net::switching_protocols(exchange.request(), subprotocol), upgraded->unread,
                  std::move(socket));
    if (session != nullptr) hub.subscribe(*session, entered.room, entered.from);
}

}  // namespace globes::api
