#include "maintenance/original_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <utility>

#include "base/text.h"
#include "chat/event.h"
#include "chat/passwords.h"
#include "chat/room_rules.h"
#include "maintenance/extended_json.h"

namespace globes::maintenance {
namespace {

namespace json = boost::json;

/// The name of the sender of a message without one.
constexpr std::string_view kNoName = "unknown";

[[noreturn]] void fail(std::string_view field, std::string_view what) {
    throw OriginalFault(fmt::format("{}: {}", field, what));
}

/// Treats `createdAt`, `created_at` and `CreatedAt` as equal.
std::string plain_key(std::string_view key) {
    std::string plain;
    for (const char byte : key)
        if (byte != '_') plain += ascii_lower(byte);
    return plain;
}

/// The fields of an entry, by their names in dumps.
class Fields {
public:
    explicit Fields(const json::object& object) {
        for (const auto& [key, value] : object) {
            if (key == "_id")
                database_id_ = &value;
            else if (!is_nothing(value))
                fields_.emplace(plain_key(key), &value);
        }
    }

    bool has(std::string_view key) const { return find(key) != nullptr; }
    /// The first of these fields that exists; null if all are absent.
    const json::value* first_of(std::initializer_list<std::string_view> keys) const {
        for (const std::string_view key : keys)
            if (const json::value* value = find(key)) return value;
        return nullptr;
    }
    /// Empty if all are absent. Throws OriginalFault if the value is not text.
    std::string text(std::initializer_list<std::string_view> keys) const {
        const json::value* value = first_of(keys);
        if (value == nullptr) return {};
        if (!value->is_string()) fail(*keys.begin(), "must be text");
        return std::string(value->get_string());
    }
    /// 0 if all are absent or unusable.
    UnixMicros time(std::initializer_list<std::string_view> keys) const {
        const json::value* value = first_of(keys);
        return value == nullptr ? 0 : time_of(*value).value_or(0);
    }
    /// The `_id` of the document; null if it has none.
    const json::value* database_id() const { return database_id_; }

private:
    const json::value* find(std::string_view key) const {
        const auto found = fields_.find(key);
        return found == fields_.end() ? nullptr : found->second;
    }

    std::map<std::string, const json::value*, std::less<>> fields_;
    const json::value* database_id_ = nullptr;
};

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// The first `most` characters of `text` (UTF-8).
std::string_view first_characters(std::string_view text, std::size_t most) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++at)
        if (!is_continuation(text[at]) && ++count > most) return text.substr(0, at);
    return text;
}

/// `text` with control characters replaced by blanks.
std::string without_control_characters(std::string_view text) {
    std::string clean;
    while (!text.empty()) {
        const std::string_view character = first_characters(text, 1);
        if (has_control_character(character))
            clean += ' ';
        else
            clean += character;
        text.remove_prefix(character.size());
    }
    return clean;
}

/// `text` on one line, trimmed and cut to `most` characters.
std::string one_line(std::string_view text, std::size_t most) {
    const std::string clean = without_control_characters(text);
    return std::string(trim(first_characters(trim(clean), most)));
}

// --- rooms -----------------------------------------------------------------------------------------------------------

chat::RoomId read_room_id(const json::value* value, std::string_view field) {
    if (value == nullptr) fail(field, "is missing");
    const auto id = whole_number(*value);
    if (!id || *id < 1 || static_cast<std::uint64_t>(*id) >= chat::kEndOfRoomIds)
        fail(field, "must be a whole number from 1 to 9007199254740991");
    return static_cast<chat::RoomId>(*id);
}

chat::RoomId read_id_of_room(const Fields& fields) {
    const json::value* id = fields.first_of({"id", "roomid"});
    const json::value* database_id = fields.database_id();
    // A numeric id of the database is the room's id.
    if (id == nullptr && database_id != nullptr && whole_number(*database_id)) id = database_id;
    return read_room_id(id, "id");
}

/// Whether a room may have that title, which requires more than a valid title.
bool may_be_title(const std::string& title) {
    return chat::check_patch(chat::RoomRecord{}, {.title = title}).has_value();
}

std::string usable_title(const std::string& title, chat::RoomId id) {
    std::string usable = one_line(title, chat::kMaxTitleLength);
    if (may_be_title(usable)) return usable;
    return one_line(fmt::format("Room {}", usable.empty() ? std::to_string(id) : usable), chat::kMaxTitleLength);
}

/// The hash in the format of crypt(3); dumps may contain it as bytes, or as Base64 of these.
std::string read_hash(const Fields& fields) {
    const json::value* value = fields.first_of({"password", "passwordhash", "hash"});
    if (value == nullptr) return {};
    const auto hash = text_or_bytes(*value);
    if (!hash) fail("password", "must be a bcrypt hash");
    if (hash->empty() || chat::is_password_hash(*hash)) return *hash;
    const auto decoded = from_base64(*hash);
    if (!decoded || !chat::is_password_hash(*decoded))
        fail("password", "is not a bcrypt hash ($2a$, $2b$ or $2y$, 60 characters)");
    return *decoded;
}

OriginalEntry read_room(const Fields& fields) {
    OriginalEntry entry;
    OriginalRoom room;
    chat::RoomRecord& record = room.record;
    record.id = read_id_of_room(fields);

    const std::string title = fields.text({"title"});
    record.title = usable_title(title, record.id);
    if (record.title != title) entry.notes.push_back(OriginalNote::title_changed);
    const std::string description = fields.text({"description"});
    record.description =
        chat::is_valid_description(description) ? description : one_line(description, chat::kMaxDescriptionLength);
    if (record.description != description) entry.notes.push_back(OriginalNote::description_changed);

    const auto visibility = chat::visibility_from_text(fields.text({"type", "visibility"}));
    if (!visibility) fail("type", "must be public, private or hidden");
    record.visibility = *visibility;
    record.password_hash = read_hash(fields);
    if (*visibility == chat::Visibility::public_room) {
        if (!record.password_hash.empty()) entry.notes.push_back(OriginalNote::hash_dropped);
        record.password_hash.clear();
    } else if (record.password_hash.empty()) {
        fail("password", "is missing: nobody could enter this room");
    }

    record.created_at = fields.time({"createdat"});
    record.updated_at = fields.time({"updatedat"});
    if (record.created_at == 0 && fields.database_id() != nullptr)
        if (const auto id = object_id(*fields.database_id())) record.created_at = time_of_object_id(*id).value_or(0);
    entry.content = std::move(room);
    return entry;
}

// --- messages --------------------------------------------------------------------------------------------------------

/// Equal for 5, 5.0 and `{"$numberInt":"5"}`, and different for "5".
std::string plain_id(const json::value& id) {
    const auto number = id.is_string() ? std::nullopt : whole_number(id);
    return number ? fmt::format("{}", *number) : json::serialize(id);
}

OriginalEntry left_out(OriginalNote note) { return {.notes = {note}}; }

OriginalEntry read_message(const Fields& fields) {
    const std::string kind = fields.text({"eventtype"});
    if (equals_ignoring_case(kind, "join") || equals_ignoring_case(kind, "leave"))
        return left_out(OriginalNote::join_or_leave);
    if (!equals_ignoring_case(kind, "send")) return left_out(OriginalNote::other_event);

    OriginalEntry entry;
    OriginalMessage message;
    chat::Event& event = message.event;
    event.room = read_room_id(fields.first_of({"roomid"}), "roomid");
    event.text = fields.text({"msg", "message"});
    if (event.text.empty()) return left_out(OriginalNote::empty_message);

    const std::string name = fields.text({"user", "username", "name"});
    event.name = chat::is_storable_name(name) ? name : one_line(name, chat::kMaxNameLength);
    if (event.name.empty()) event.name = kNoName;
    if (event.name != name) entry.notes.push_back(OriginalNote::name_changed);
    event.color = fields.text({"color"});
    if (!event.color.empty() && !chat::is_color(event.color)) {
        event.color.clear();
        entry.notes.push_back(OriginalNote::color_dropped);
    }
    if (!chat::is_valid_text(event.text)) entry.notes.push_back(OriginalNote::message_split);

    if (const json::value* id = fields.database_id(); id != nullptr && !is_nothing(*id)) {
        message.id = object_id(*id).value_or("");
        if (message.id.empty()) message.other_id = plain_id(*id);
    }
    event.time = fields.time({"timestamp", "time", "createdat"});
    if (event.time == 0) {
        entry.notes.push_back(OriginalNote::message_time_guessed);
        if (!message.id.empty()) event.time = time_of_object_id(message.id).value_or(0);
    }
    entry.content = std::move(message);
    return entry;
}

}  // namespace

std::string_view note_text(OriginalNote note) {
    switch (note) {
        case OriginalNote::join_or_leave:
            return "joins and leaves";
        case OriginalNote::other_event:
            return "events that are neither a send nor a join or leave";
        case OriginalNote::empty_message:
            return "messages without a text";
        case OriginalNote::no_room:
            return "messages of rooms that are not in the files";
        case OriginalNote::exported_twice:
            return "duplicate entries";
        case OriginalNote::title_changed:
            return "invalid titles";
        case OriginalNote::title_taken:
            return "titles that another room has: the room's id was appended";
        case OriginalNote::description_changed:
            return "descriptions that are too long or have control characters";
        case OriginalNote::hash_dropped:
            return "passwords of public rooms, which have no password in Globes";
        case OriginalNote::room_time_guessed:
            return "rooms without a creation time";
        case OriginalNote::name_changed:
            return "invalid names of senders";
        case OriginalNote::color_dropped:
            return "colors that are not CSS colors: removed";
        case OriginalNote::message_split:
            return "messages of more than 4096 characters: each became several";
        case OriginalNote::message_time_guessed:
            return "messages without a time";
    }
    std::unreachable();
}

OriginalEntry read_original_entry(std::string_view text) {
    json::error_code error;
    const json::value value = json::parse(text, error);
    if (error == json::error::too_deep) throw OriginalFault("is nested too deeply");
    if (error || !value.is_object()) throw OriginalFault("is not valid JSON");
    const Fields fields(value.get_object());
    if (fields.has("eventtype")) return read_message(fields);
    if (fields.has("title")) return read_room(fields);
    throw OriginalFault("is neither a room (no title) nor an event (no eventtype)");
}

std::string title_with_id(const std::string& title, chat::RoomId id, unsigned attempt) {
    const std::string suffix = attempt == 1 ? fmt::format(" ({})", id) : fmt::format(" ({}-{})", id, attempt);
    return one_line(title, chat::kMaxTitleLength - suffix.size()) + suffix;
}

std::vector<std::string> message_parts(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::string_view part = first_characters(text, chat::kMaxTextLength);
        parts.emplace_back(part);
        text.remove_prefix(part.size());
    }
    return parts;
}

std::uint64_t count_message_parts(std::string_view text) {
    return (count_code_points(text) + chat::kMaxTextLength - 1) / chat::kMaxTextLength;
}

}  // namespace globes::maintenance
