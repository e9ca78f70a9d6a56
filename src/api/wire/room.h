// Rooms and tokens as JSON, in both directions (docs/protocol.md#rooms). Checks the JSON and the types of the fields;
// chat/room_rules.h and chat/event.h check their values. Plain functions, any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/room_record.h"
#include "chat/room_rules.h"

namespace globes::api {

/// Parses the body of POST /chats. Null and an empty text count as absent, in fields of every type, except that an
/// empty `description` is kept, because a change clears it so. Unknown fields are ignored. Error: room_invalid_json,
/// with the field if its type is wrong.
Result<chat::RoomDraft> parse_room_draft(std::string_view body);

/// Parses the body of PUT /chats/{room}. As `parse_room_draft`, but ignores the fields of the owner.
Result<chat::RoomPatch> parse_room_patch(std::string_view body);

struct TokenRequest {
    std::optional<std::string> secret;
    std::optional<std::string> name;
};
/// Parses the body of POST /chats/{room}/token. A field that is absent or not a string is nullopt, and both are if the
/// body is not a JSON object. It is not an error yet, because the secret is checked before the name.
TokenRequest parse_token_request(std::string_view body);

/// Appends `[{"username","color","last_activity"},…]`.
void append_users_json(std::string& out, std::span<const chat::RoomUser> users);

/// Appends a room in full. `users` has those of the snapshot; `online` is always the number of members. If
/// `owner_token` is not empty, it becomes the last field.
void append_room_json(std::string& out, const chat::RoomView& room, std::string_view owner_token = {});

/// The body of GET /chats: an array of rooms in the given order, each with `online` and without `users`.
std::string room_list_json(std::span<const chat::RoomView> rooms);

/// The body of a response with a token.
std::string token_json(std::string_view name, chat::RoomId room, std::string_view token);

}  // namespace globes::api
