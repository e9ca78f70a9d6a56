#include "api/access.h"

#include "base/text.h"

namespace globes::api {
namespace {

constexpr std::string_view kScheme = "bearer";

}  // namespace

std::string_view bearer_token(const net::HttpRequest& request) {
    const std::string_view value = request.header("authorization");
    const std::size_t space = value.find(' ');
    if (space == std::string_view::npos || !equals_ignoring_case(value.substr(0, space), kScheme)) return {};
    const std::size_t token = value.find_first_not_of(' ', space);
    return token == std::string_view::npos ? std::string_view{} : value.substr(token);
}

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

}  // namespace globes::api
