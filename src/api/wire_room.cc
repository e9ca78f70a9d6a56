#include "api/wire_room.h"

#include <array>
#include <utility>

#include "api/wire_json.h"

namespace globes::api {
namespace {

using FieldType = JsonField::Type;

std::unexpected<Error> invalid_json(std::string_view field = {}) {
    return std::unexpected(Error{ErrorCode::room_invalid_json, field});
}

std::optional<std::string> take_text(JsonField& field) {
    if (field.type != FieldType::string) return std::nullopt;
    return std::move(field.text);
}

chat::RoomPatch take_patch(JsonField& title, JsonField& description, JsonField& visibility, JsonField& password) {
    return {take_text(title), take_text(description), take_text(visibility), take_text(password)};
}

/// Everything up to where `users` or `online` stands, the comma included.
void append_room_head(std::string& out, const chat::RoomRecord& record) {
    out += R"({"title":)";
    append_json_string(out, record.title);
    out += R"(,"description":)";
    append_json_string(out, record.description);
    out += R"(,"visibility":")";
    out += chat::visibility_text(record.visibility);
    out += R"(","createdAt":)";
    append_json_time(out, record.created_at);
    out += R"(,"updatedAt":)";
    append_json_time(out, record.updated_at);
    out += R"(,"id":)";
    append_json_integer(out, record.id);
    out += ',';
}

void append_user(std::string& out, const chat::RoomUser& user) {
    out += R"({"username":)";
    append_json_string(out, user.username);
    out += R"(,"color":)";
    append_json_string(out, user.color);
    out += R"(,"last_activity":)";
    append_json_time(out, user.last_activity);
    out += '}';
}

/// Appends `[…]` with what `append_item` makes of each item.
template <class Items, class AppendItem>
void append_array(std::string& out, const Items& items, AppendItem append_item) {
    out += '[';
    bool first = true;
    for (const auto& item : items) {
        if (!std::exchange(first, false)) out += ',';
        append_item(out, item);
    }
    out += ']';
}

void append_listed_room(std::string& out, const chat::RoomView& room) {
    append_room_head(out, room.record);
    out += R"("online":)";
    append_json_integer(out, room.online);
    out += '}';
}

}  // namespace

Result<chat::RoomDraft> parse_room_draft(std::string_view body) {
    std::array<JsonField, 6> fields{{{"title"}, {"description"}, {"visibility"}, {"password"}, {"owner"}, {"name"}}};
    if (!read_json_object(body, fields)) return invalid_json();
    auto& [title, description, visibility, password, owner, name] = fields;
    for (const JsonField& field : fields) {
        const FieldType expected = &field == &owner ? FieldType::boolean : FieldType::string;
        if (field.type != FieldType::absent && field.type != expected) return invalid_json(field.key);
    }
    return chat::RoomDraft{take_patch(title, description, visibility, password), owner.flag, take_text(name)};
}

Result<chat::RoomPatch> parse_room_patch(std::string_view body) {
    std::array<JsonField, 4> fields{{{"title"}, {"description"}, {"visibility"}, {"password"}}};
    if (!read_json_object(body, fields)) return invalid_json();
    for (const JsonField& field : fields)
        if (field.type != FieldType::absent && field.type != FieldType::string) return invalid_json(field.key);
    auto& [title, description, visibility, password] = fields;
    return take_patch(title, description, visibility, password);
}

TokenRequest parse_token_request(std::string_view body) {
    std::array<JsonField, 2> fields{{{"secret"}, {"name"}}};
    if (!read_json_object(body, fields)) return {};
    auto& [secret, name] = fields;
    return {take_text(secret), take_text(name)};
}

void append_room_json(std::string& out, const chat::RoomView& room, bool show_users, std::string_view owner_token) {
    append_room_head(out, room.record);
    out += R"("users":)";
    append_array(out, show_users ? std::span(room.users) : std::span<const chat::RoomUser>(), append_user);
    if (!owner_token.empty()) {
        out += R"(,"owner_token":)";
        append_json_string(out, owner_token);
    }
    out += '}';
}

std::string room_list_json(std::span<const chat::RoomView> rooms) {
    std::string out;
    append_array(out, rooms, append_listed_room);
    return out;
}

std::string token_json(std::string_view name, chat::RoomId room, std::string_view token) {
    std::string out = R"({"status":true,"name":)";
    append_json_string(out, name);
    out += R"(,"room_id":)";
    append_json_integer(out, room);
    out += R"(,"token":)";
    append_json_string(out, token);
    out += '}';
    return out;
}

}  // namespace globes::api
