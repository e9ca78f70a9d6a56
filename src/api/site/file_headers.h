// The headers of a file of the site: its media type, and the policies for the pages that may load or frame it (CSP,
// CORP, Referrer-Policy). Plain functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace globes::api {

/// The media type for the extension of `path`, in any letter case; `application/octet-stream` if it is not known.
std::string_view content_type(std::string_view path);

/// True for HTML.
bool is_page(std::string_view path);

struct PagePolicy {
    std::vector<std::string> frame_ancestors;  ///< Origins whose pages may frame ours (base/config.h).
    bool is_shared = false;  ///< Pages of other origins may load the scripts (AllowedOrigins is not empty).
};

/// The `Content-Security-Policy` of the embedded pages: they load from this server only, and nothing inline.
/// `host`: the request's Host; the page's WebSockets may connect to it. Ignored if it is not a host.
std::string built_in_policy(const PagePolicy& policy, std::string_view host);

/// The `Content-Security-Policy` of an operator's own pages (`Static`). It restricts frames only, because only the
/// operator knows what else the pages load.
std::string static_policy(const PagePolicy& policy);

/// Adds the headers that every file of the site has. `is_page`: the file is HTML.
void add_policy_headers(const PagePolicy& policy, bool is_page, net::HttpResponse& response);

}  // namespace globes::api
