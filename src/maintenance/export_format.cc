#include "maintenance/export_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cassert>
#include <iterator>
#include <limits>

#include "chat/event.h"
#include "chat/passwords.h"
#include "chat/room_rules.h"

namespace globes::maintenance {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void fail(std::string_view field, std::string_view what) {
    throw ExportFormatError(fmt::format("{}: {}", field, what));
}

/// The fields of one line, each read once; other fields must be absent.
class Fields {
public:
    explicit Fields(const json::object& object) : object_(object) {}

    std::string_view text(std::string_view key) {
        const json::value& value = at(key);
        if (!value.is_string()) fail(key, "must be a string");
        return value.get_string();
    }
    std::uint64_t number(std::string_view key, std::uint64_t least, std::uint64_t most) {
        const json::value& value = at(key);
        const bool is_whole = value.is_int64() && value.get_int64() >= 0;
        const auto found = is_whole ? static_cast<std::uint64_t>(value.get_int64()) : 0;
        if (!is_whole || found < least || found > most)
            fail(key, fmt::format("must be a whole number from {} to {}", least, most));
        return found;
    }
    bool has(std::string_view key) const { return object_.contains(key); }
    bool flag(std::string_view key) {
        const json::value& value = at(key);
        if (!value.is_bool()) fail(key, "must be true or false");
        return value.get_bool();
    }
    UnixMicros time(std::string_view key) { return time_of(key, text(key)); }
    /// 0 for an empty text.
    UnixMicros optional_time(std::string_view key) {
        const std::string_view found = text(key);
        return found.empty() ? 0 : time_of(key, found);
    }
    /// To be called after the last field was read.
    void end() const {
        if (read_ == object_.size()) return;
        throw ExportFormatError("has unknown fields");
    }

private:
    static UnixMicros time_of(std::string_view key, std::string_view text) {
        const auto time = parse_rfc3339(text);
        if (!time) fail(key, "must be a time such as 2020-12-03T21:23:54.421318Z");
        return *time;
    }
    const json::value& at(std::string_view key) {
        const json::value* value = object_.if_contains(key);
        if (value == nullptr) fail(key, "is missing");
        ++read_;
        return *value;
    }

    const json::object& object_;
    std::size_t read_ = 0;
};

ExportLine read_head(Fields& fields) {
    if (fields.number("version", 1, kAnyNumber) != kExportVersion)
        fail("version", fmt::format("this Globes reads version {} only", kExportVersion));
    return ExportHead{.next_room_id = fields.number("next_room_id", 1, chat::kFirstRandomRoomId)};
}

/// Rooms in exports of versions without salts have none of these fields.
void read_salt(Fields& fields, chat::RoomRecord& record) {
    record.salt = fields.text("salt");
    if (!chat::is_room_salt(record.salt)) fail("salt", "must be 32 hexadecimal digits in lower case");
    record.owner_epoch = fields.number("owner_epoch", 0, kAnyNumber);
    record.old_keys_until = fields.optional_time("old_keys_until");
}

ExportLine read_room(Fields& fields) {
    chat::StoredRoom room;
    chat::RoomRecord& record = room.record;
    record.id = fields.number("id", 1, chat::kEndOfRoomIds - 1);
    record.title = fields.text("title");
    if (!chat::is_valid_title(record.title)) fail("title", "is not valid");
    record.description = fields.text("description");
    if (!chat::is_valid_description(record.description)) fail("description", "is not valid");
    const auto visibility = chat::visibility_from_text(fields.text("visibility"));
    if (!visibility) fail("visibility", "must be public, private or hidden");
    record.visibility = *visibility;
    record.password_hash = fields.text("password_hash");
    if (record.password_hash.empty() != (record.visibility == chat::Visibility::public_room))
        fail("password_hash", "must be present for private and hidden rooms, and only for these");
    if (!record.password_hash.empty() && !chat::is_password_hash(record.password_hash))
        fail("password_hash", "is not a bcrypt hash");
    record.owned = fields.flag("owned");
    record.token_epoch = fields.number("token_epoch", 0, kAnyNumber);
    if (fields.has("salt")) read_salt(fields, record);
    record.retention_s = fields.number("retention", 0, chat::kMaxRetentionSeconds);
    record.max_events = fields.number("max_events", 0, chat::kMaxMaxEvents);
    record.created_at = fields.time("createdAt");
    record.updated_at = fields.time("updatedAt");
    room.first_seq = fields.number("first_seq", 1, kAnyNumber);
    room.last_seq = fields.number("last_seq", room.first_seq - 1, kAnyNumber - 1);
    return room;
}

ExportLine read_send(Fields& fields) {
    chat::Event event{.kind = chat::EventKind::send,
                      .room = fields.number("room_id", 1, chat::kEndOfRoomIds - 1),
                      .seq = fields.number("seq", 1, kAnyNumber - 1)};
    event.name = fields.text("name");
    if (!chat::is_storable_name(event.name)) fail("name", "is not valid");
    event.color = fields.text("color");
    if (!event.color.empty() && !chat::is_color(event.color)) fail("color", "is not a color");
    event.text = fields.text("msg");
    if (!chat::is_valid_text(event.text)) fail("msg", "is empty or too long");
    event.client_id = fields.text("id");
    if (!event.client_id.empty() && !chat::is_valid_client_id(event.client_id)) fail("id", "is too long");
    event.time = fields.time("time");
    return event;
}

ExportLine read_end(Fields& fields) {
    return ExportEnd{.rooms = fields.number("rooms", 0, kAnyNumber), .events = fields.number("events", 0, kAnyNumber)};
}

struct Kind {
    std::string_view name;
    ExportLine (*read)(Fields& fields);
};

constexpr Kind kKinds[] = {{"globes-export", read_head}, {"room", read_room}, {"send", read_send}, {"end", read_end}};

}  // namespace

std::string export_line(const ExportHead& head) {
    return json::serialize(
        json::object{{"kind", "globes-export"}, {"version", kExportVersion}, {"next_room_id", head.next_room_id}});
}

std::string export_line(const chat::StoredRoom& room) {
    const chat::RoomRecord& record = room.record;
    const std::string old_keys_until = record.old_keys_until == 0 ? "" : format_rfc3339(record.old_keys_until);
    return json::serialize(json::object{{"kind", "room"},
                                        {"id", record.id},
                                        {"title", record.title},
                                        {"description", record.description},
                                        {"visibility", chat::visibility_text(record.visibility)},
                                        {"password_hash", record.password_hash},
                                        {"owned", record.owned},
                                        {"token_epoch", record.token_epoch},
                                        {"owner_epoch", record.owner_epoch},
                                        {"salt", record.salt},
                                        {"old_keys_until", old_keys_until},
                                        {"retention", record.retention_s},
                                        {"max_events", record.max_events},
                                        {"createdAt", format_rfc3339(record.created_at)},
                                        {"updatedAt", format_rfc3339(record.updated_at)},
                                        {"first_seq", room.first_seq},
                                        {"last_seq", room.last_seq}});
}

std::string export_line(const chat::Event& event) {
    assert(event.kind == chat::EventKind::send);
    return json::serialize(json::object{{"kind", "send"},
                                        {"room_id", event.room},
                                        {"seq", event.seq},
                                        {"name", event.name},
                                        {"color", event.color},
                                        {"msg", event.text},
                                        {"id", event.client_id},
                                        {"time", format_rfc3339(event.time)}});
}

std::string export_line(const ExportEnd& end) {
    return json::serialize(json::object{{"kind", "end"}, {"rooms", end.rooms}, {"events", end.events}});
}

ExportLine read_export_line(std::string_view line) {
    json::error_code error;
    const json::value value = json::parse(line, error);
    if (error || !value.is_object()) throw ExportFormatError("is not a JSON object");
    Fields fields(value.get_object());
    const std::string_view kind = fields.text("kind");
    const auto* known = std::ranges::find(kKinds, kind, &Kind::name);
    if (known == std::end(kKinds)) fail("kind", "is unknown to this version");
    ExportLine read = known->read(fields);
    fields.end();
    return read;
}

}  // namespace globes::maintenance
