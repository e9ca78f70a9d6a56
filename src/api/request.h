// What handlers read from a request: its token, the parameters of its query, its path for the log, and which form of a
// response the client prefers (RFC 9110, 12.5) or has already (13.1.2). Plain functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/catch_up.h"
#include "net/http_message.h"

namespace globes::api {

/// The token of `Authorization: Bearer <token>`; empty if the request has none.
std::string_view bearer_token(const net::HttpRequest& request);

/// Whether a balancer or a monitor asks how the server is: `/health` or `/ready`.
bool is_probe(const net::HttpRequest& request);

// --- the query ---

/// What a query may have. Longer ones are refused before a handler reads them.
inline constexpr std::size_t kMaxParameters = 64;
bool has_too_many_parameters(const net::HttpRequest& request);

/// The parameter `name`, percent-decoded; nullopt if it is absent.
std::optional<std::string> text_parameter(const net::HttpRequest& request, std::string_view name);

/// The parameter `name` as a number within [least, most]; nullopt if it is absent. `name` must be a literal.
/// Error: room_invalid_content, with the parameter as its field, if it is not such a number.
Result<std::optional<std::uint64_t>> number_parameter(const net::HttpRequest& request, std::string_view name,
                                                      std::uint64_t least, std::uint64_t most);

/// `at`, the time of the event that the parameter `after` names; nullopt if it is absent.
/// Error: room_invalid_content with field `at`, if it is not a time as the server writes them, or if `after` is absent
/// or 0, because there is no event 0.
Result<std::optional<chat::CatchUp::LastSeen>> last_seen_parameter(const net::HttpRequest& request,
                                                                   std::optional<std::uint64_t> after);

// --- the log ---

/// The path of a target for the log, in which a hidden room must not be readable: `/chats/2/ws`, and with any other
/// room than a counted id `/chats/*/ws`. It may be the title or the random id of a hidden room, or a guess that is
/// nearly right. Segments of other paths are `*` too, unless `status` says that the path leads to a file, or they are
/// those of a route: a wrong path, such as `/chats%2f2`, may have a room anywhere.
std::string loggable_path(std::string_view target, int status);

// --- content negotiation ---

/// The elements of a list, such as Accept, that are read; and the parameters of one of them. Others are ignored.
inline constexpr std::size_t kMaxListElements = 64;

/// Content codings, in the server's order of preference.
enum class Coding : std::uint8_t { brotli, gzip, identity };

/// `br`, `gzip` or `identity`, as in headers.
std::string_view coding_name(Coding coding);

/// True if `Accept` prefers a web page to JSON.
bool prefers_html(const net::HttpRequest& request);

/// The available coding with the greatest weight in `Accept-Encoding`; of equal ones the first in the server's order.
/// Identity is always available, and is the result if the header is absent or refuses all codings.
Coding choose_coding(const net::HttpRequest& request, bool has_gzip, bool has_brotli);

/// True if `If-None-Match` contains `*` or this entity tag, which includes its quotes. Uses weak comparison.
bool has_current_form(const net::HttpRequest& request, std::string_view etag);

}  // namespace globes::api
