#include "api/access.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/hosts.h"
#include "api/wire/errors.h"
#include "base/host.h"
#include "base/text.h"

namespace globes::api {
namespace {

constexpr int kForbidden = 403;
constexpr std::unexpected kUnauthorized(Error{ErrorCode::room_unauthorized});

bool is_public(const chat::RoomRecord& room) { return room.visibility == chat::Visibility::public_room; }

/// The claims of the token of a request that nobody may make without one.
Result<chat::TokenClaims> need_token(const chat::RoomRecord& room, std::string_view token, const chat::Tokens& tokens) {
    if (room.id == chat::kPublicChatId || (token.empty() && is_public(room))) return kUnauthorized;
    return tokens.verify(token, room);
}

bool is_own(std::string_view origin, const net::HttpRequest& request) {
    const auto own = parse_origin(fmt::format("{}://{}", request.is_secure ? "https" : "http", host_text(request)));
    return own && parse_origin(origin) == own;
}

bool is_listed(std::string_view origin, const std::vector<std::string>& allowed) {
    return std::ranges::any_of(
        allowed, [&](const std::string& entry) { return entry == "*" || equals_ignoring_case(entry, origin); });
}

}  // namespace

Result<void> may_change(const chat::RoomRecord& room, std::string_view token, const chat::Tokens& tokens) {
    if (room.id != chat::kPublicChatId && !room.owned && is_public(room)) return {};
    const auto claims = need_token(room, token, tokens);
    if (!claims) return std::unexpected(claims.error());
    if (room.owned && !claims->owner) return kUnauthorized;
    return {};
}

Result<chat::TokenClaims> must_be_owner(const chat::RoomRecord& room, std::string_view token,
                                        const chat::Tokens& tokens) {
    auto claims = need_token(room, token, tokens);
    if (claims && !claims->owner) return kUnauthorized;
    return claims;
}

Result<std::optional<chat::TokenClaims>> may_enter(const chat::RoomRecord& room, std::string_view token,
                                                   const chat::Tokens& tokens) {
    auto claims = tokens.verify(token, room);
    if (claims) return std::move(*claims);
    if (is_public(room)) return std::nullopt;
    return std::unexpected(claims.error());
}

bool may_have_effect(std::string_view method) { return method != "GET" && method != "HEAD" && method != "OPTIONS"; }

bool is_origin_allowed(const net::HttpRequest& request, const std::vector<std::string>& allowed) {
    if (std::ranges::find(allowed, "*") != allowed.end()) return true;
    bool is_listed_page = false;
    for (const auto& [name, value] : request.headers) {
        if (name != "origin" || value.empty()) continue;
        is_listed_page = is_listed(value, allowed);
        if (!is_listed_page && !is_own(value, request)) return false;
    }
    return is_listed_page || std::ranges::all_of(request.header_list("sec-fetch-site"), [](std::string_view site) {
               return site == "same-origin" || site == "none";
           });
}

net::HttpResponse origin_refusal() {
    net::HttpResponse response = error_response(Error{ErrorCode::unauthorized}, kForbidden);
    response.log_note = "reason=origin";
    return response;
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
