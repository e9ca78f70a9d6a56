// Encodes responses (RFC 9112). Pure functions. Thread: any.
#pragma once

#include <string>

#include "base/clock.h"
#include "net/http_message.h"

namespace globes::net {

/// The properties of a request that determine the form of its response.
struct AnswerForm {
    bool head = false;       ///< The method is HEAD: the response to GET without its body.
    bool keep_alive = true;  ///< Another request may follow.
    int minor_version = 1;   ///< Of the request: HTTP/1.0 needs an explicit keep-alive.
};

/// Returns status line, headers and body. `response.status`: a final status, 200..599. `now`: for the Date header.
///
/// Content-Length is always present except with 204 and 304, which have no body. A header is omitted if its name is not
/// a token or its value has a control character, because it could inject lines. The caller closes the connection if
/// `response.close` is set.
std::string write_response(const HttpResponse& response, const AnswerForm& form, UnixMicros now);

/// Returns a date like `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
std::string format_http_date(UnixMicros time);

}  // namespace globes::net
