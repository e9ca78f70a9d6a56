// The way into a room: GET /chats/{room}/ws from the first look at the handshake to the open WebSocket
// (docs/protocol.md#opening-the-socket). One object for each I/O thread, which makes all calls.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/services.h"
#include "api/ws/chat_socket.h"
#include "chat/room_key.h"
#include "chat/tokens.h"

namespace globes::api {

class ChatUpgrade {
public:
    ChatUpgrade(CoreLink& core_link, Services& services)
        : core_link_(core_link), services_(services), side_{.core_link = core_link, .limits = services.flood} {}

    void upgrade(const Exchange& exchange, const chat::RoomKey& key);

private:
    /// Where a client that resumes wants to begin: behind a seq, with the newest few, or live.
    struct Place {
        std::optional<std::uint64_t> after;
        std::optional<std::uint64_t> newest;
        std::optional<chat::CatchUp::LastSeen> last_seen;  // of the event that `after` names
    };
    struct Arrival {
        chat::Core::Entered entered;
        chat::CatchUp::SeenCheck seen;
    };
    struct Opening {
        chat::ConnectionId connection;
        std::string session;  // the secret for its welcome; empty for a plain client
        std::string subprotocol;
        Place place;
    };
    static Result<Place> parse_place(const net::HttpRequest& request);
    static std::optional<std::uint64_t> start_of(const Place& place, const Arrival& arrival);
    template <class FindDoor>
    void enter(const Exchange& exchange, const Place& place, const std::optional<chat::TokenClaims>& claims,
               FindDoor find_door);
    void open(const Exchange& exchange, const Arrival& arrival, const Opening& opening);
    void open_socket(const Exchange& exchange, const Arrival& arrival, const Opening& opening);

    CoreLink& core_link_;
    Services& services_;
    const ChatSide side_;
};

}  // namespace globes::api
