// One HTTP request and its answer as plain values, between the session that reads and writes them and the handlers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace globes::net {

/// A request as it arrived, whole and checked. Owns its bytes, so that it may travel to another thread.
struct HttpRequest {
    std::string method;
    std::string target;  ///< As sent: path and query, still percent-encoded; `*` for OPTIONS of the whole server.
    std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case, values trimmed, order kept.
    std::string body;
    std::string peer_address;  ///< The peer's own IP address, without the port.
    bool keep_alive = true;
    int minor_version = 1;  ///< HTTP/1.1 or HTTP/1.0.

    /// The first header of that name (given in lower case), empty where there is none.
    std::string_view header(std::string_view name) const;
    /// All values of that header, split at commas and trimmed (RFC 9110, 5.6.1), in order, without empty ones.
    std::vector<std::string_view> header_list(std::string_view name) const;
};

struct HttpResponse {
    int status = 200;
    std::string content_type = "application/json; charset=utf-8";  ///< Not sent where the body is empty.
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< Beside Date, Server, Connection, Content-*.
    bool close = false;                                             ///< Ends the connection after this answer.
};

/// A token (RFC 9110, 5.6.2): what methods and header names consist of.
bool is_http_token(std::string_view text);

/// `text` without blanks and tabs at both ends (OWS, RFC 9110, 5.6.3).
std::string_view trim_blanks(std::string_view text);

}  // namespace globes::net
