// Makes the bytes of an answer (RFC 9112). Pure functions, any thread.
#pragma once

#include <string>

#include "base/clock.h"
#include "net/http_message.h"

namespace globes::net {

/// What the request says about the form of its answer.
struct AnswerForm {
    bool head = false;       ///< The method is HEAD: what GET would get, without the body.
    bool keep_alive = true;  ///< Another request may follow.
    int minor_version = 1;   ///< Of the request: HTTP/1.0 has to be told that the connection is kept.
};

/// Status line, headers and body. `response.status` is a final one, 200..599; `now` becomes the Date.
///
/// Content-Length is always sent but for 204 and 304, which have no body. A header whose name is no token, or whose
/// value has a control character, is left out: it would be several lines. `response.close` is the caller's to look at.
std::string write_response(const HttpResponse& response, const AnswerForm& form, UnixMicros now);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
std::string format_http_date(UnixMicros time);

}  // namespace globes::net
