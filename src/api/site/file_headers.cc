#include "api/site/file_headers.h"

#include "base/config_address.h"

namespace globes::api {

std::string built_in_policy(const PagePolicy& policy, std::string_view host) {
    std::string text =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";
    // Not every browser takes a WebSocket for 'self'. A Host is what the client says, so it must be no more than that.
    for (const char* const scheme : {"ws://", "wss://"})
        if (const auto origin = parse_origin(std::string(scheme).append(host))) text.append(" ").append(*origin);
    return text + "; base-uri 'none'; form-action 'none'; " + static_policy(policy);
}

std::string static_policy(const PagePolicy& policy) {
    std::string text = "frame-ancestors";
    for (const std::string& origin : policy.frame_ancestors) text.append(" ").append(origin);
    if (policy.frame_ancestors.empty()) text += " 'none'";
    return text;
}

void add_policy_headers(const PagePolicy& policy, bool is_page, net::HttpResponse& response) {
    const bool is_for_others = is_page ? !policy.frame_ancestors.empty() : policy.is_shared;
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    // The id of a hidden room is in its page's address.
    response.headers.emplace_back("Referrer-Policy", "same-origin");
    response.headers.emplace_back("Cross-Origin-Resource-Policy", is_for_others ? "cross-origin" : "same-origin");
}

}  // namespace globes::api
