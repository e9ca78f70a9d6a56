// The opening handshake of a WebSocket (RFC 6455, 4.2) as questions about a request and the bytes of the answer.
// Stateless; any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_message.h"

namespace globes::net {

/// How to refuse a handshake over HTTP. The body is the caller's: ErrorCode::session_not_established.
struct HandshakeRefusal {
    int status = 400;
    std::vector<std::pair<std::string, std::string>> headers;

    friend bool operator==(const HandshakeRefusal&, const HandshakeRefusal&) = default;
};

/// Whether `request`, which must have come as HTTP/1.1, asks for a WebSocket that Globes speaks.
///
/// 426 for a request without the wish to upgrade or for a version other than 13, with headers that say what is spoken
/// here (RFC 9110, 15.5.22; RFC 6455, 4.4); 400 for a method other than GET and for a Sec-WebSocket-Key that is
/// missing, repeated or not 16 bytes in base64.
std::expected<void, HandshakeRefusal> check_handshake(const HttpRequest& request);

/// What the client offers in Sec-WebSocket-Protocol, over all its lines, in order. The views hold as long as `request`.
std::vector<std::string_view> offered_subprotocols(const HttpRequest& request);

/// The whole answer that opens the WebSocket: status line and headers. `request` must have passed check_handshake.
///
/// `subprotocol` is the chosen one. Left out where it is empty, and where it is no token (RFC 9110, 5.6.2): a line
/// break in it would be a header of the client's making. Extensions are declined by not answering them.
std::string switching_protocols(const HttpRequest& request, std::string_view subprotocol);

}  // namespace globes::net
