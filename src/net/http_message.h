// An HTTP request and its response as plain values, exchanged between HTTP sessions and handlers, and the encoding of
// responses (RFC 9112). Pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/address_limits.h"

namespace globes::net {

/// A complete, valid request. Owns its bytes, so it may move to another thread.
struct HttpRequest {
    std::string method;
    std::string target;  ///< Path and query, percent-encoded as sent; `*` for OPTIONS of the server.
    std::vector<std::pair<std::string, std::string>> headers;  ///< In order; names in lower case, values trimmed.
    std::string body;
    ClientAddress client;
    bool only_probes = false;        ///< The connection is one of those that are kept back for health checks.
    bool is_secure = false;          ///< The client speaks https: with this server, or with a trusted proxy before it.
    bool shares_connection = false;  ///< The connection is a proxy's, and other clients send requests on it, too.
    bool has_proxy_header = false;   ///< The connection begins with a PROXY header, and its peer is not trusted.
    bool keep_alive = true;
    int minor_version = 1;  ///< HTTP/1.1 or HTTP/1.0.

    /// Returns the first header with this name, in lower case; empty if it is absent.
    std::string_view header(std::string_view name) const;
    /// Returns the non-empty values of all headers with this name, split at commas and trimmed (RFC 9110, 5.6.1); the
    /// first `most` of them.
    std::vector<std::string_view> header_list(std::string_view name, std::size_t most = SIZE_MAX) const;
};

/// The rest of a body that is too large to be kept in memory. The session reads it part by part, the next one when the
/// client has taken the last one. Thread: the I/O thread, the destructor included.
class BodyParts {
public:
    virtual ~BodyParts() = default;
    /// Receives a part, which is not empty; nothing if it cannot be read.
    using Done = std::move_only_function<void(std::optional<std::string> part)>;
    /// Reads the next part. Calls `done` later from the loop, or destroys it, which counts as a failure.
    virtual void read(Done done) = 0;
};

struct HttpResponse {
    int status = 200;
    std::string content_type = "application/json; charset=utf-8";  ///< Not sent if the body is empty.
    std::string body = {};
    std::uint64_t rest_bytes = 0;               ///< The size of `rest`.
    std::shared_ptr<BodyParts> rest = nullptr;  ///< Follows `body`; null if it is the whole body.
    /// Except Date, Server, X-Content-Type-Options, Strict-Transport-Security, Connection, Content-Type,
    /// Content-Length.
    std::vector<std::pair<std::string, std::string>> headers = {};
    bool close = false;         ///< Closes the connection after this response.
    std::string log_note = {};  ///< For the access log: why the request was refused, as `limit=rooms`. Not sent.
};

/// The properties of a request that determine the form of its response.
struct AnswerForm {
    bool head = false;         ///< The method is HEAD: the response to GET without its body.
    bool keep_alive = true;    ///< Another request may follow.
    int minor_version = 1;     ///< Of the request: HTTP/1.0 needs an explicit keep-alive.
    std::uint32_t hsts_s = 0;  ///< Strict-Transport-Security (RFC 6797), in seconds; 0: none.
};

/// Returns status line, headers and body, without the rest of a large one. `response.status`: a final status, 200..599.
/// `now`: for the Date header. Each response has `X-Content-Type-Options: nosniff`, so that no browser treats JSON as a
/// page or a script.
///
/// Content-Length is always present except with 204 and 304, which have no body. A header is omitted if its name is not
/// a token or its value has a control character, because it could inject lines. The caller closes the connection if
/// `response.close` is set.
std::string write_response(const HttpResponse& response, const AnswerForm& form, UnixMicros now);

/// Returns a date like `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
std::string format_http_date(UnixMicros time);

/// Returns whether `c` is a control character other than a tab; no line may contain one (RFC 9110, 5.5).
constexpr bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7F'; }

/// Returns whether `text` is a token (RFC 9110, 5.6.2), as methods and header names are.
bool is_http_token(std::string_view text);

}  // namespace globes::net
