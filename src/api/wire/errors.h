// The error table: maps each error to its text and HTTP status (docs/protocol.md#errors), and errors to responses.
// Plain functions, any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http_message.h"

namespace globes::api {

/// The body of a success that has nothing else to say.
inline constexpr const char* kStatusOk = R"({"status":true})";

struct ErrorEntry {
    ErrorCode code;
    std::string_view text;
    int http_status;  ///< The usual one; `error_response` lists the exceptions.
};

/// Each error code once, in ascending order.
std::span<const ErrorEntry> error_table();

/// The entry of `code`. Precondition: the table contains `code`.
const ErrorEntry& error_entry(ErrorCode code);

/// The error of an event as a sentence for the person who sent it: its reason, if it has one. If no event is refused
/// with this error, the text of its entry.
std::string_view event_error_sentence(const Error& error);

/// Appends `{"code":102,"error":"Room error: Duplicate room","field":"title"}`, `field` and `reason` only if the error
/// has one.
void append_error_json(std::string& out, const Error& error);

inline constexpr int kLastingRetryAfterS = 30;

/// `{"status":false,"error":{…}}` with the HTTP status of the error, or with `status_override` if it is not 0:
/// 426 of session_not_established, 403 of unauthorized, 409 of room_invalid_content, 414 and 431 of too_large, 408 and
/// 421 of bad_request.
///
/// Responses with 429 and 503 have a `Retry-After` of `retry_after_s`; if that is 0, of 1 s, or of
/// `kLastingRetryAfterS` if the error has a reason: what needs one does not end by itself in a moment. After
/// bad_request and too_large the connection is closed: the request may not have been read completely, so the start of
/// the next one is not known. The access log has the error's limit.
net::HttpResponse error_response(const Error& error, int status_override = 0, int retry_after_s = 0);

/// The error of a request or an event beyond a limit. `limit`: its name in metrics and in the log, a literal. Its code
/// is too_many_requests, or unavailable for the limits of what is open at the same time.
Error limit_error(std::string_view limit);
/// The response with that error: 429 or 503.
net::HttpResponse limit_response(std::string_view limit, int retry_after_s);

/// too_large with `status` (413, 414, 431), and with `"limit"`: the largest accepted number of bytes.
net::HttpResponse too_large_response(int status, std::size_t limit);

}  // namespace globes::api
