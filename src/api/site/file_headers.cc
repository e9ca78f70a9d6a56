#include "api/site/file_headers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/host.h"
#include "base/text.h"

namespace globes::api {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";

constexpr auto kContentTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"html", kHtml},
    {"htm", kHtml},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"json", "application/json; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"ts", "text/plain; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"wasm", "application/wasm"},
});

}  // namespace

std::string_view content_type(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0: the path has no folder
    const std::size_t dot = name.rfind('.');
    if (dot != std::string_view::npos && dot > 0)
        for (const auto& [extension, type] : kContentTypes)
            if (equals_ignoring_case(name.substr(dot + 1), extension)) return type;
    return "application/octet-stream";
}

bool is_page(std::string_view path) { return content_type(path) == kHtml; }

std::string built_in_policy(const PagePolicy& policy, std::string_view host) {
    std::string text =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";
    // Not every browser counts a WebSocket as 'self'. The Host comes from the client, so it is added only if it is
    // valid.
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
    // The address of a hidden room's page contains its id, which other servers must not see.
    response.headers.emplace_back("Referrer-Policy", "same-origin");
    response.headers.emplace_back("Cross-Origin-Resource-Policy", is_for_others ? "cross-origin" : "same-origin");
}

}  // namespace globes::api
