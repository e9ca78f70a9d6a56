// Access control: what a token permits in a room (docs/protocol.md#create-and-change), and which web pages may use the
// server (docs/protocol.md#browsers; CORS in the Fetch standard). Plain functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "chat/room_record.h"
#include "chat/tokens.h"
#include "net/http_message.h"

namespace globes::api {

// --- tokens ---

/// Checks that a request with `token`, which may be empty, may change or delete the room.
/// Errors: room_unauthorized, invalid_token (field token).
Result<void> may_change(const chat::RoomRecord& room, std::string_view token, const chat::Tokens& tokens);

/// Checks that a request with `token`, which may be empty, may read the room and take part. The claims of the token;
/// nullopt if the token is not valid and the room is public.
/// Error: invalid_token (field token).
Result<std::optional<chat::TokenClaims>> may_enter(const chat::RoomRecord& room, std::string_view token,
                                                   const chat::Tokens& tokens);

// --- origins; `allowed`: the configured list (base/config.h), in which `*` means any ---

/// True if the request has no Origin (it does not come from a browser), the server's own one (`http://` and the Host of
/// the request), or one of `allowed`.
bool is_origin_allowed(const net::HttpRequest& request, const std::vector<std::string>& allowed);

/// Adds the headers that let the page of the request's Origin read the response, if it is one of `allowed`.
void add_cors_headers(const net::HttpRequest& request, const std::vector<std::string>& allowed,
                      net::HttpResponse& response);

/// The response to OPTIONS. `allow`: the methods of the path, as in the header Allow.
net::HttpResponse preflight_response(const net::HttpRequest& request, const std::vector<std::string>& allowed,
                                     std::string_view allow);

}  // namespace globes::api
