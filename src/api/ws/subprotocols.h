// The subprotocols of a handshake: what the client offers, and which of them the server selects
// (docs/protocol.md#opening-the-socket). Plain functions, any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/http_message.h"

namespace globes::api {

/// Each offered token costs the I/O thread the time to verify it.
inline constexpr std::size_t kMaxOfferedTokens = 4;

struct SubprotocolOffers {
    bool has_globes_v1 = false;  ///< The client resumes.
    std::vector<std::string_view>
        tokens;                ///< All values that have the form of a token, in order; views of the request.
    std::string_view session;  ///< The first session secret (`globes.session.…`); empty without one.
};

/// The offers of all Sec-WebSocket-Protocol headers. Other values, such as `Bearer`, are ignored.
/// Error: session_not_established if more than `kMaxOfferedTokens` have the form of a token.
Result<SubprotocolOffers> parse_subprotocols(const net::HttpRequest& request);

/// The subprotocol that the server selects; empty if none is. Browsers close a connection if they have offered some and
/// the server selects none of them.
///
/// `accepted_token`: the token that has admitted the client, from whichever header; empty if it entered a public room
/// without one. `globes.v1` is selected if it is offered, otherwise the accepted token. A client without an accepted
/// token may have offered one that is of no use here, for example because the room was private before: the first is
/// selected then.
std::string_view select_subprotocol(const SubprotocolOffers& offers, std::string_view accepted_token);

}  // namespace globes::api
