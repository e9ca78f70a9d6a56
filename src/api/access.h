// Who may do what with a room (docs/protocol.md#create-and-change): decided from the room's record and the token that
// came along.
// Plain functions, any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "chat/room_record.h"
#include "chat/tokens.h"
#include "net/http_message.h"

namespace globes::api {

/// The token of `Authorization: Bearer <token>`, empty where there is none.
std::string_view bearer_token(const net::HttpRequest& request);

/// Whether a request with `token` may change or delete the room.
/// Errors: room_unauthorized, invalid_token (field token).
Result<void> may_change(const chat::RoomRecord& room, std::string_view token, const chat::Tokens& tokens);

/// Whether a request with `token` may read and take part. The claims are none where a public room was entered without a
/// good token.  Error: invalid_token (field token).
Result<std::optional<chat::TokenClaims>> may_enter(const chat::RoomRecord& room, std::string_view token,
                                                   const chat::Tokens& tokens);

}  // namespace globes::api
