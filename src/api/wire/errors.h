// The one place that maps errors to what clients see: text and HTTP status (docs/protocol.md#errors). Any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http_message.h"

namespace globes::api {

struct ErrorEntry {
    ErrorCode code;
    std::string_view text;
    int http_status;  ///< The usual one; a few codes travel under others too, see `error_response`.
};

/// Every error code once, in ascending order.
std::span<const ErrorEntry> error_table();

/// The row of `code`, which must be in the table.
const ErrorEntry& error_entry(ErrorCode code);

/// What is wrong with an event, in one sentence for the person who sent it. Of errors that no event is refused with,
/// the text of their row.
std::string_view event_error_sentence(const Error& error);

/// Appends `{"code":102,"error":"Room error: Duplicate room","field":"title"}`, `field` only where the error has one.
void append_error_json(std::string& out, const Error& error);

/// `{"status":false,"error":{…}}` under the error's own HTTP status, or under `status_override` where that is not 0:
/// 426 of session_not_established, 403 of unauthorized, 409 of room_invalid_content, 414 and 431 of too_large, 408 of
/// bad_request.
///
/// Answers with 429 and 503 carry `Retry-After`, in seconds. What was not read as a whole request (bad_request,
/// too_large) closes the connection: where the next request would begin is not known.
net::HttpResponse error_response(const Error& error, int status_override = 0, int retry_after_s = 1);

/// too_large under `status` (413, 414, 431), with `"limit"`, the number of bytes that would have been accepted.
net::HttpResponse too_large_response(int status, std::size_t limit);

}  // namespace globes::api
