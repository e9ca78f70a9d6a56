// What browsers are told about the site beside its bytes: where its pages may load from and who may frame or load them
// (CSP, CORP, Referrer-Policy). Plain functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace globes::api {

/// Both lists as in the configuration, see base/config.h.
struct PagePolicy {
    std::vector<std::string> frame_ancestors;
    bool is_shared = false;  ///< Pages of other origins may load the scripts (AllowedOrigins has some).
};

/// The `Content-Security-Policy` of the built-in pages: everything from this server and nowhere else, nothing inline.
/// `host`: the request's Host, by which the page's WebSockets are let through; one that is no host is left out.
std::string built_in_policy(const PagePolicy& policy, std::string_view host);

/// The one of an operator's own pages (`Static`): only about frames. What else they may load is theirs to know.
std::string static_policy(const PagePolicy& policy);

/// Adds what every file of the site is served with; `is_page`: it is HTML.
void add_policy_headers(const PagePolicy& policy, bool is_page, net::HttpResponse& response);

}  // namespace globes::api
