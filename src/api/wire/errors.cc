#include "api/wire/errors.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "api/wire/json.h"
#include "chat/event.h"

namespace globes::api {
namespace {

constexpr std::array kErrors = std::to_array<ErrorEntry>({
    {ErrorCode::room_not_found, "Room error: Room not found", 404},
    {ErrorCode::duplicate_room, "Room error: Duplicate room", 400},
    {ErrorCode::room_invalid_json, "Room error: Invalid JSON", 400},
    {ErrorCode::room_unauthorized, "Room error: Unauthorized operation", 401},
    {ErrorCode::room_invalid_content, "Room error: Invalid content", 400},
    {ErrorCode::user_not_found, "Client error: User not found", 404},
    {ErrorCode::duplicate_username, "Client error: Duplicate username", 400},
    {ErrorCode::client_invalid_json, "Client error: Invalid JSON", 400},
    {ErrorCode::client_unauthorized, "Client error: Unauthorized operation", 401},
    {ErrorCode::session_not_established, "Could not establish session", 400},
    {ErrorCode::invalid_json, "Invalid JSON", 400},
    {ErrorCode::unauthorized, "Unauthorized operation", 401},
    {ErrorCode::unsupported_device, "Unsupported client device", 400},
    {ErrorCode::invalid_token, "Token error: Invalid token", 403},
    {ErrorCode::path_not_found, "Not found", 404},
    {ErrorCode::method_not_allowed, "Method not allowed", 405},
    {ErrorCode::too_many_requests, "Too many requests", 429},
    {ErrorCode::too_large, "Request too large", 413},
    {ErrorCode::unavailable, "Temporarily unavailable", 503},
    {ErrorCode::bad_request, "Bad request", 400},
    {ErrorCode::internal_error, "Internal error", 500},
});
static_assert(std::ranges::is_sorted(kErrors, {}, &ErrorEntry::code));

struct EventSentence {
    ErrorCode code;
    std::string_view field;
    std::string_view text;
};

/// All errors that an event is refused with.
constexpr std::array kEventSentences = std::to_array<EventSentence>({
    {ErrorCode::user_not_found, "name", "You are not in this room, so you cannot leave it."},
    {ErrorCode::duplicate_username, "name", "That name is taken."},
    {ErrorCode::client_unauthorized, "name", "You are here under another name. Use that one."},
    {ErrorCode::invalid_json, "", "The server could not read that: it is not a valid JSON object."},
    {ErrorCode::invalid_json, "event_type", "The event type must be join, leave or send."},
    {ErrorCode::invalid_json, "name", "A name needs 1 to 32 characters, one visible, and no control characters."},
    {ErrorCode::invalid_json, "msg", "A message needs 1 to 4096 characters."},
    {ErrorCode::invalid_json, "color", "The color must be text, such as red or #ff0000."},
    {ErrorCode::invalid_json, "id", "The id of an event must be text of 1 to 64 characters."},
    {ErrorCode::too_many_requests, "", "You are sending too fast. Wait a moment, then send it again."},
    {ErrorCode::unavailable, "", "The server could not confirm that. Try again in a moment."},
});
static_assert(chat::kMaxNameLength == 32 && chat::kMaxTextLength == 4096 && chat::kMaxClientIdLength == 64,
              "kEventSentences tells people these limits");

struct LimitReason {
    std::string_view limit;
    std::string_view reason;
    ErrorCode code = ErrorCode::too_many_requests;
};

/// The limits that need a sentence of their own, by their names in the log.
constexpr std::array kLimitReasons = std::to_array<LimitReason>({
    {"open_connections", "This address has as many connections as it may have.", ErrorCode::unavailable},
    {"requests", "This address has sent as many requests as it may for now."},
    {"upgrades", "This address has opened as many connections to rooms as it may for now."},
    {"rooms", "This address has created as many rooms as it may for now."},
    {"joins", "This address has entered rooms as often as it may for now."},
    {"events", "This address has sent as many messages as it may for now."},
    {"stored_bytes", "This address has sent as much text as it may for now."},
    {"tokens", "This address has entered as many passwords as it may for now."},
    {"wrong_passwords", "This address has entered too many wrong passwords for this room."},
    {"history", "This address has read as many messages as it may for now."},
    {"guesses", "This address has asked for too many rooms that do not exist, or tried too many titles."},
    {"probes", "This address has asked for the health of the server as often as it may for now."},
    {"unread_bytes", "This address has as many responses that it does not read as it may have."},
    {"unread_in_all", "The server has as many unread responses as it may have.", ErrorCode::unavailable},
});

}  // namespace

std::span<const ErrorEntry> error_table() { return kErrors; }

const ErrorEntry& error_entry(ErrorCode code) {
    const auto entry = std::ranges::lower_bound(kErrors, code, {}, &ErrorEntry::code);
    assert(entry != kErrors.end() && entry->code == code);
    return *entry;
}

std::string_view event_error_sentence(const Error& error) {
    if (!error.reason.empty()) return error.reason;
    const auto found = std::ranges::find_if(kEventSentences, [&](const EventSentence& sentence) {
        return sentence.code == error.code && sentence.field == error.field;
    });
    return found != kEventSentences.end() ? found->text : error_entry(error.code).text;
}

void append_error_json(std::string& out, const Error& error) {
    out += R"({"code":)";
    append_json_integer(out, std::to_underlying(error.code));
    out += R"(,"error":)";
    append_json_string(out, error_entry(error.code).text);
    if (!error.field.empty()) {
        out += R"(,"field":)";
        append_json_string(out, error.field);
    }
    if (!error.reason.empty()) {
        out += R"(,"reason":)";
        append_json_string(out, error.reason);
    }
    out += '}';
}

net::HttpResponse error_response(const Error& error, int status_override, int retry_after_s) {
    net::HttpResponse response;
    response.status = status_override != 0 ? status_override : error_entry(error.code).http_status;
    response.body = R"({"status":false,"error":)";
    append_error_json(response.body, error);
    response.body += '}';
    if (retry_after_s == 0) retry_after_s = error.reason.empty() ? 1 : kLastingRetryAfterS;
    if (response.status == 429 || response.status == 503)
        response.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
    if (!error.limit.empty()) response.log_note.append("limit=").append(error.limit);
    response.close = error.code == ErrorCode::bad_request || error.code == ErrorCode::too_large;
    return response;
}

Error limit_error(std::string_view limit) {
    const auto entry = std::ranges::find(kLimitReasons, limit, &LimitReason::limit);
    if (entry == kLimitReasons.end()) return {.code = ErrorCode::too_many_requests, .limit = limit};
    return {.code = entry->code, .reason = entry->reason, .limit = limit};
}

net::HttpResponse limit_response(std::string_view limit, int retry_after_s) {
    return error_response(limit_error(limit), 0, retry_after_s);
}

net::HttpResponse too_large_response(int status, std::size_t limit) {
    net::HttpResponse response = error_response(Error{ErrorCode::too_large}, status);
    response.body.resize(response.body.size() - 2);  // Reopens both objects
    response.body += R"(,"limit":)";
    append_json_integer(response.body, limit);
    response.body += "}}";
    return response;
}

}  // namespace globes::api
