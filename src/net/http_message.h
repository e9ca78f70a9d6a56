// An HTTP request and its response as plain values, exchanged between HTTP sessions and handlers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace globes::net {

/// A complete, valid request. Owns its bytes, so it may move to another thread.
struct HttpRequest {
    std::string method;
    std::string target;  ///< Path and query, percent-encoded as sent; `*` for OPTIONS of the server.
    std::vector<std::pair<std::string, std::string>> headers;  ///< In order; names in lower case, values trimmed.
    std::string body;
    std::string peer_address;  ///< The IP address of the peer, without the port.
    bool keep_alive = true;
    int minor_version = 1;  ///< HTTP/1.1 or HTTP/1.0.

    /// Returns the first header with this name, in lower case; empty if it is absent.
    std::string_view header(std::string_view name) const;
    /// Returns the non-empty values of all headers with this name, split at commas and trimmed (RFC 9110, 5.6.1).
    std::vector<std::string_view> header_list(std::string_view name) const;
};

struct HttpResponse {
    int status = 200;
    std::string content_type = "application/json; charset=utf-8";  ///< Not sent if the body is empty.
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< Except Date, Server, Connection, Content-*.
    bool close = false;                                             ///< Closes the connection after this response.
};

/// Returns whether `text` is a token (RFC 9110, 5.6.2), as methods and header names are.
bool is_http_token(std::string_view text);

}  // namespace globes::net
