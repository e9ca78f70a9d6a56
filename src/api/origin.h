// Which web pages may talk to this server: the browser's Origin against the server's own and the configured list
// (docs/protocol.md#browsers), for WebSockets and for CORS (Fetch standard). Plain functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace globes::api {

/// True without an Origin (no browser), with the server's own one, `http://` and the Host that was asked, and with one
/// of `allowed`, where `*` means any.
bool is_origin_allowed(const net::HttpRequest& request, const std::vector<std::string>& allowed);

/// Adds what lets the asking page read the answer; nothing for a page that is not allowed.
void add_cors_headers(const net::HttpRequest& request, const std::vector<std::string>& allowed,
                      net::HttpResponse& response);

/// The answer to OPTIONS on a path that knows `allow` (as in the header of that name).
net::HttpResponse preflight_response(const net::HttpRequest& request, const std::vector<std::string>& allowed,
                                     std::string_view allow);

}  // namespace globes::api
