// The opening handshake of a WebSocket (RFC 6455, 4.2): checks of the request, and the bytes of the response.
// Stateless. Thread: any.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_message.h"

namespace globes::net {

/// The HTTP response to a refused handshake. The caller adds the body (ErrorCode::session_not_established).
struct HandshakeRefusal {
    int status = 400;
    std::vector<std::pair<std::string, std::string>> headers;

    friend bool operator==(const HandshakeRefusal&, const HandshakeRefusal&) = default;
};

/// Checks whether `request`, an HTTP/1.1 request, asks for a WebSocket that Globes supports.
///
/// Errors: 426 for a request without an upgrade or for a version other than 13, with headers that name the supported
/// ones (RFC 9110, 15.5.22; RFC 6455, 4.4); 400 for a method other than GET, and for a Sec-WebSocket-Key that is
/// absent, repeated or not 16 bytes in base64.
std::expected<void, HandshakeRefusal> check_handshake(const HttpRequest& request);

/// Returns the client's offers in all Sec-WebSocket-Protocol headers, in order, as views of `request`.
std::vector<std::string_view> offered_subprotocols(const HttpRequest& request);

/// Returns the complete response that opens the WebSocket: status line and headers. `request` MUST have passed
/// check_handshake.
///
/// `subprotocol`: the selected one. It is omitted if it is empty or not a token (RFC 9110, 5.6.2), because a line break
/// in it would let the client inject headers. Extensions are declined: the response does not name any.
std::string switching_protocols(const HttpRequest& request, std::string_view subprotocol);

}  // namespace globes::net
