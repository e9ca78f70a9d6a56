// Rooms and tokens in JSON, both ways (docs/protocol.md#rooms). Plain functions, any thread.
// Only shape and types are checked here; what the fields may say stands in chat/room_rules.h and chat/event_rules.h.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/room_rules.h"
#include "chat/room_view.h"

namespace globes::api {

/// The body of POST /chats. Null and an empty text are the same as left out, also in a field of another type; unknown
/// fields are ignored. Only `description` keeps an empty text, by which a change clears it.
/// Error: room_invalid_json, with the field where one has the wrong type.
Result<chat::RoomDraft> parse_room_draft(std::string_view body);

/// The body of PUT /chats/{room}; as `parse_room_draft`, but without the owner's fields, which are ignored.
Result<chat::RoomPatch> parse_room_patch(std::string_view body);

/// The body of POST /chats/{room}/token. A field is empty where it is missing or no string, and both are in a body that
/// can't be read: the secret is judged before the name, so neither can be refused here.
struct TokenRequest {
    std::optional<std::string> secret;
    std::optional<std::string> name;
};
TokenRequest parse_token_request(std::string_view body);

/// Appends `[{"username","color","last_activity"},…]`.
void append_users_json(std::string& out, std::span<const chat::RoomUser> users);

/// Appends a room as the answer to a request for it. `users` is [] unless `show_users`; `online` is always the
/// number of members. An `owner_token` that is not empty becomes the last field.
void append_room_json(std::string& out, const chat::RoomView& room, bool show_users, std::string_view owner_token = {});

/// The answer of GET /chats: an array of rooms, in the order given, each with `online` in place of `users`.
std::string room_list_json(std::span<const chat::RoomView> rooms);

/// The answer to a request for a token or its renewal.
std::string token_json(std::string_view name, chat::RoomId room, std::string_view token);

}  // namespace globes::api
