// Which of several forms of an answer a client wants (RFC 9110, 12.5) and whether it has it already (13.1.2). Plain
// functions, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "net/http_message.h"

namespace globes::api {

/// Content codings, in the server's order of preference.
enum class Coding : std::uint8_t { brotli, gzip, identity };

/// `br`, `gzip` or `identity`, as headers name it.
std::string_view coding_name(Coding coding);

/// True if `Accept` prefers a web page to JSON.
bool prefers_html(const net::HttpRequest& request);

/// The coding with the greatest weight in `Accept-Encoding` among those that there are, the server's favourite where
/// several have it. Identity always exists; it is the answer where a client says nothing, and also where it refuses all
/// that there are.
Coding choose_coding(const net::HttpRequest& request, bool has_gzip, bool has_brotli);

/// True if `If-None-Match` has that entity tag, given with its quotes, or `*`. Compared weakly.
bool has_current_form(const net::HttpRequest& request, std::string_view etag);

}  // namespace globes::api
