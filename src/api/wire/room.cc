#include "api/wire/room.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/wire/json.h"

namespace globes::api {
namespace {

using FieldType = JsonField::Type;

/// The only text that may be empty, because a change to it clears the description of a room.
constexpr std::string_view kDescription = "description";

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

std::optional<std::int64_t> take_number(const JsonField& field) {
    if (field.type != FieldType::integer) return std::nullopt;
    return field.number;
}

/// Appends a limit of the room, if it has its own.
void append_limit(std::string& out, std::string_view key, std::uint64_t value) {
    if (value == 0) return;
    out += ",\"";
    out += key;
    out += "\":";
    append_json_integer(out, value);
}

/// HTML forms send empty fields as "". So an empty text counts as absent, in a field of any type.
void drop_empty_text(JsonField& field) {
    if (field.type == FieldType::string && field.text.empty() && field.key != kDescription)
        field.type = FieldType::absent;
}

Result<void> read_fields(std::string_view body, std::span<JsonField> fields) {
    if (!read_json_object(body, fields)) return invalid_json();
    std::ranges::for_each(fields, drop_empty_text);
    for (const JsonField& field : fields)
        if (field.type != FieldType::absent && field.type != field.expected) return invalid_json(field.key);
    return {};
}

/// Appends everything before `users` or `online`, including the comma.
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
    append_limit(out, "retention", record.retention_s);
    append_limit(out, "max_events", record.max_events);
    out += ',';
}

void append_online(std::string& out, std::size_t online) {
    out += R"("online":)";
    append_json_integer(out, online);
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

/// Appends `[…]`; `append_item(out, item)` appends each item.
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
    append_online(out, room.online);
    out += '}';
}

}  // namespace

Result<chat::RoomDraft> parse_room_draft(std::string_view body) {
    std::array<JsonField, 8> fields{
        {{"title"}, {kDescription}, {"visibility"}, {"password"}, {"retention"}, {"max_events"}, {"owner"}, {"name"}}};
    auto& [title, description, visibility, password, retention, max_events, owner, name] = fields;
    owner.expected = FieldType::boolean;
    retention.expected = max_events.expected = FieldType::integer;
    if (const auto read = read_fields(body, fields); !read) return std::unexpected(read.error());
    chat::RoomDraft draft{take_patch(title, description, visibility, password), owner.flag, take_text(name)};
    draft.retention_s = take_number(retention);
    draft.max_events = take_number(max_events);
    return draft;
}

Result<chat::RoomPatch> parse_room_patch(std::string_view body) {
    std::array<JsonField, 6> fields{
        {{"title"}, {kDescription}, {"visibility"}, {"password"}, {"retention"}, {"max_events"}}};
    auto& [title, description, visibility, password, retention, max_events] = fields;
    retention.expected = max_events.expected = FieldType::integer;
    if (const auto read = read_fields(body, fields); !read) return std::unexpected(read.error());
    chat::RoomPatch patch = take_patch(title, description, visibility, password);
    patch.retention_s = take_number(retention);
    patch.max_events = take_number(max_events);
    return patch;
}

TokenRequest parse_token_request(std::string_view body) {
    std::array<JsonField, 2> fields{{{"secret"}, {"name"}}};
    if (!read_json_object(body, fields)) return {};
    auto& [secret, name] = fields;
    return {take_text(secret), take_text(name)};
}

void append_users_json(std::string& out, std::span<const chat::RoomUser> users) {
    append_array(out, users, append_user);
}

void append_room_json(std::string& out, const chat::RoomView& room, std::string_view owner_token) {
    append_room_head(out, room.record);
    out += R"("users":)";
    append_users_json(out, room.users);
    out += ',';
    append_online(out, room.online);
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
