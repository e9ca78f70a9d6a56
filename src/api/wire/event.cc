#include "api/wire/event.h"

#include <array>
#include <utility>

#include "api/wire/errors.h"
#include "api/wire/json.h"
#include "api/wire/room.h"
#include "base/text.h"
#include "chat/event.h"
#include "roomlog/slice.h"

namespace globes::api {
namespace {

using chat::EventKind;
using FieldType = JsonField::Type;

std::string_view kind_text(EventKind kind) {
    switch (kind) {
        case EventKind::send:
            return "send";
        case EventKind::join:
            return "join";
        case EventKind::leave:
            return "leave";
    }
    return "unknown";  // a stored kind of a later version
}

/// In any letter case.
std::optional<EventKind> kind_from_text(std::string_view text) {
    for (const EventKind kind : {EventKind::send, EventKind::join, EventKind::leave})
        if (equals_ignoring_case(text, kind_text(kind))) return kind;
    return std::nullopt;
}

bool is_absent_or_string(const JsonField& field) {
    return field.type == FieldType::absent || field.type == FieldType::string;
}

/// An empty text in an optional field counts as absent.
bool is_left_out(const JsonField& field) { return is_absent_or_string(field) && field.text.empty(); }

/// A send must have a text. The server writes the text of a join and a leave itself and ignores that of the client.
bool is_valid_message(EventKind kind, const JsonField& message) {
    return kind == EventKind::send ? message.type == FieldType::string && chat::is_valid_text(message.text)
                                   : is_absent_or_string(message);
}

}  // namespace

std::expected<chat::ClientEvent, chat::EventRefusal> parse_client_event(std::string_view frame) {
    std::array<JsonField, 5> fields{{{"event_type"}, {"name"}, {"msg"}, {"color"}, {"id"}}};
    if (!read_json_object(frame, fields)) return std::unexpected(chat::EventRefusal{{ErrorCode::invalid_json}});
    auto& [type, name, message, color, id] = fields;

    const bool name_is_valid = name.type == FieldType::string && chat::is_valid_name(name.text);
    const bool id_is_valid = id.type == FieldType::string && chat::is_valid_client_id(id.text);
    const auto refused = [&](const JsonField& field) {
        chat::EventRefusal refusal{{ErrorCode::invalid_json, field.key}};
        if (name_is_valid) refusal.name = name.text;
        if (id_is_valid) refusal.client_id = id.text;
        return std::unexpected(std::move(refusal));
    };

    const auto kind = kind_from_text(type.text);
    if (!kind) return refused(type);
    if (!name_is_valid) return refused(name);
    if (!is_valid_message(*kind, message)) return refused(message);
    if (!is_absent_or_string(color)) return refused(color);
    if (!is_left_out(id) && !id_is_valid) return refused(id);

    chat::ClientEvent event;
    event.kind = *kind;
    event.name = std::move(name.text);
    if (chat::is_color(color.text)) event.color = std::move(color.text);
    if (*kind == EventKind::send) event.text = std::move(message.text);
    event.client_id = std::move(id.text);
    return event;
}

void append_event_json(std::string& out, const chat::Event& event) {
    out += R"({"event_type":")";
    out += kind_text(event.kind);
    out += R"(","name":)";
    append_json_string(out, event.name);
    out += R"(,"room_id":)";
    append_json_integer(out, event.room);
    if (!event.color.empty()) {
        out += R"(,"color":)";
        append_json_string(out, event.color);
    }
    out += R"(,"msg":)";
    append_json_string(out, event.text);
    out += R"(,"time":)";
    append_json_time(out, event.time);
    if (is_durable(event.kind)) {
        out += R"(,"seq":)";
        append_json_integer(out, event.seq);
    }
    if (!event.client_id.empty()) {
        out += R"(,"id":)";
        append_json_string(out, event.client_id);
    }
    out += '}';
}

void FrameEncoder::append_frame(std::string& out, const chat::Event& event) const {
    std::string json;
    append_event_json(json, event);
    roomlog::append_frame(out, roomlog::Opcode::text, json);
}

std::string error_event_json(chat::RoomId room, const chat::EventRefusal& refusal) {
    std::string out = R"({"event_type":"error","name":)";
    append_json_string(out, refusal.name);
    out += R"(,"room_id":)";
    append_json_integer(out, room);
    out += R"(,"msg":)";
    append_json_string(out, event_error_sentence(refusal.error));
    out += R"(,"error":)";
    append_error_json(out, refusal.error);
    if (refusal.retry_after_ms) {
        out += R"(,"retry_after_ms":)";
        append_json_integer(out, *refusal.retry_after_ms);
    }
    if (!refusal.client_id.empty()) {
        out += R"(,"id":)";
        append_json_string(out, refusal.client_id);
    }
    out += '}';
    return out;
}

std::string ack_json(std::string_view client_id, std::uint64_t seq, bool is_duplicate) {
    std::string out = R"({"event_type":"ack","id":)";
    append_json_string(out, client_id);
    out += R"(,"seq":)";
    append_json_integer(out, seq);
    out += is_duplicate ? R"(,"duplicate":true})" : R"(,"duplicate":false})";
    return out;
}

std::string welcome_json(const Welcome& welcome) {
    std::string out = R"({"event_type":"welcome","room_id":)";
    append_json_integer(out, welcome.room);
    out += R"(,"seq":)";
    append_json_integer(out, welcome.seq);
    if (welcome.at) {
        out += R"(,"at":)";
        append_json_time(out, *welcome.at);
    }
    out += R"(,"users":)";
    append_users_json(out, welcome.users);
    out += R"(,"online":)";
    append_json_integer(out, welcome.online);
    out += welcome.resumed ? R"(,"resumed":true)" : R"(,"resumed":false)";
    out += R"(,"session":)";
    append_json_string(out, welcome.session);
    out += '}';
    return out;
}

std::string history_json(chat::RoomId room, std::uint64_t first_seq, std::uint64_t last_seq,
                         std::span<const chat::Event> events, bool keeps_newest) {
    std::string array;
    std::vector<std::size_t> begins;
    for (const chat::Event& event : events) {
        if (!keeps_newest && array.size() >= kMaxHistoryBytes) break;
        begins.push_back(array.size());
        append_event_json(array, event);
        array += ',';
    }
    std::size_t first = 0;
    if (keeps_newest && array.size() > kMaxHistoryBytes) {
        const auto begin = std::ranges::lower_bound(begins, array.size() - kMaxHistoryBytes);
        first = begin == begins.end() ? begins.back() : *begin;
    }
    if (!array.empty()) array.pop_back();

    std::string out = R"({"room_id":)";
    append_json_integer(out, room);
    out += R"(,"first_seq":)";
    append_json_integer(out, first_seq);
    out += R"(,"last_seq":)";
    append_json_integer(out, last_seq);
    out += R"(,"events":[)";
    out.append(array, first);
    out += "]}";
    return out;
}

}  // namespace globes::api
