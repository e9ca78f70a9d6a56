#include "api/access.h"

#include <algorithm>

#include "base/text.h"

namespace globes::api {
namespace {

constexpr std::string_view kOwnScheme = "http://";

std::string_view without_default_port(std::string_view authority) {
    return authority.ends_with(":80") ? authority.substr(0, authority.size() - 3) : authority;
}

bool is_own(std::string_view origin, std::string_view host) {
    if (host.empty() || !origin.starts_with(kOwnScheme)) return false;
    return equals_ignoring_case(without_default_port(origin.substr(kOwnScheme.size())), without_default_port(host));
}

bool is_listed(std::string_view origin, const std::vector<std::string>& allowed) {
    return std::ranges::any_of(
        allowed, [&](const std::string& entry) { return entry == "*" || equals_ignoring_case(entry, origin); });
}

}  // namespace

Result<void> may_change(const chat::RoomRecord& room, std::string_view token, const chat::Tokens& tokens) {
    const std::unexpected unauthorized(Error{ErrorCode::room_unauthorized});
    const bool is_public = room.visibility == chat::Visibility::public_room;
    if (room.id == chat::kPublicChatId) return unauthorized;
    if (!room.owned && is_public) return {};
    if (token.empty() && is_public) return unauthorized;
    const auto claims = tokens.verify(token, room);
    if (!claims) return std::unexpected(claims.error());
    if (room.owned && !claims->owner) return unauthorized;
    return {};
}

Result<std::optional<chat::TokenClaims>> may_enter(const chat::RoomRecord& room, std::string_view token,
                                                   const chat::Tokens& tokens) {
    auto claims = tokens.verify(token, room);
    if (claims) return std::move(*claims);
    if (room.visibility == chat::Visibility::public_room) return std::nullopt;
    return std::unexpected(claims.error());
}

bool is_origin_allowed(const net::HttpRequest& request, const std::vector<std::string>& allowed) {
    const std::string_view origin = request.header("origin");
    return origin.empty() || is_own(origin, request.header("host")) || is_listed(origin, allowed);
}

void add_cors_headers(const net::HttpRequest& request, const std::vector<std::string>& allowed,
                      net::HttpResponse& response) {
    // Also without an Origin, because a cache must not give one page the response that was made for another.
    if (!allowed.empty()) response.headers.emplace_back("Vary", "Origin");
    const std::string_view origin = request.header("origin");
    if (origin.empty() || !is_listed(origin, allowed)) return;
    response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    response.headers.emplace_back("Access-Control-Expose-Headers", "Location, Retry-After, Allow");
}

net::HttpResponse preflight_response(const net::HttpRequest& request, const std::vector<std::string>& allowed,
                                     std::string_view allow) {
    net::HttpResponse response{.status = 204, .headers = {{"Allow", std::string(allow)}}};
    if (is_listed(request.header("origin"), allowed)) {
        response.headers.emplace_back("Access-Control-Allow-Methods", allow);
        response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type");
        response.headers.emplace_back("Access-Control-Max-Age", "600");
    }
    return response;
}

}  // namespace globes::api
