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

/// Checks that `token`, which may be empty, is an owner's token of the room, and returns its claims. Without an owner,
/// no token is. Errors: as `may_change`.
Result<chat::TokenClaims> must_be_owner(const chat::RoomRecord& room, std::string_view token,
                                        const chat::Tokens& tokens);

/// Checks that a request with `token`, which may be empty, may read the room and take part. The claims of the token;
/// nullopt if the token is not valid and the room is public.
/// Error: invalid_token (field token).
Result<std::optional<chat::TokenClaims>> may_enter(const chat::RoomRecord& room, std::string_view token,
                                                   const chat::Tokens& tokens);

// --- origins; `allowed`: the configured list (base/config.h), in which `*` means any ---

/// Whether `method` may change something (RFC 9110, 9.2.1): every method but GET, HEAD and OPTIONS.
bool may_have_effect(std::string_view method);

/// Whether the page that has sent the request may have it executed, if it has an effect. True for a request of one of
/// `allowed`, of the server's own page, and of no page. The request has the server's own Origin (its scheme, see
/// `HttpRequest::is_secure`, and its Host) or no Origin, and a browser that says where the page is from
/// (`Sec-Fetch-Site`) says `same-origin` or `none`. The latter distinguishes http from https if a proxy adds TLS and is
/// not trusted, and finds pages of which the browser sends no Origin.
bool is_origin_allowed(const net::HttpRequest& request, const std::vector<std::string>& allowed);

/// The response if it is not: 403, code 304.
net::HttpResponse origin_refusal();

/// Adds the headers that let the page of the request's Origin read the response, if it is one of `allowed`.
void add_cors_headers(const net::HttpRequest& request, const std::vector<std::string>& allowed,
                      net::HttpResponse& response);

/// The response to OPTIONS. `allow`: the methods of the path, as in the header Allow.
net::HttpResponse preflight_response(const net::HttpRequest& request, const std::vector<std::string>& allowed,
                                     std::string_view allow);

}  // namespace globes::api
