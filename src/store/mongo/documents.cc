#include "store/mongo/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>

#include "base/unicode.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {
namespace {

// A kind without a name of its own is a number.
constexpr std::string_view kSend = "send";
// Far beyond what any text of an event or a room may have.
constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxShownBytes = 64;
// In the order of chat::Visibility.
constexpr std::array<std::string_view, 3> kVisibilities = {"public", "private", "hidden"};

void append_escaped(std::string& key, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || c == '%' || c == '/')
            fmt::format_to(std::back_inserter(key), "%{:02X}", byte);
        else
            key.push_back(c);
    }
}

chat::Visibility visibility_of(std::string_view name) {
    for (std::size_t i = 0; i < kVisibilities.size(); ++i)
        if (kVisibilities[i] == name) return static_cast<chat::Visibility>(i);
    // Whatever somebody has written there: nobody gets in unasked.
    return chat::Visibility::hidden_room;
}

/// A live kind for what can't be that of a stored event.
chat::EventKind kind_of(const DocumentView& document) {
    if (document.text("kind") == kSend) return chat::EventKind::send;
    const std::uint64_t number = document.number("kind");
    const auto kind = static_cast<chat::EventKind>(number);
    return number > 0 && number < 100 && is_durable(kind) ? kind : chat::EventKind::leave;
}

/// 0 for what can't be a room's id.
chat::RoomId room_id_of(const DocumentView& document, const char* key) {
    const std::uint64_t id = document.number(key);
    return id < chat::kEndOfRoomIds ? id : 0;
}

/// As everything that a client sends and Globes stores.
bool are_texts(std::initializer_list<std::string_view> texts) {
    return std::ranges::all_of(
        texts, [](std::string_view text) { return text.size() <= kMaxTextBytes && is_valid_utf8(text); });
}

/// Names the document where that is safe: its id, if it is a number or short.
DatabaseError not_ours(const char* collection, const DocumentView& document) {
    const std::string text = document.text("_id");
    const bool is_shown = text.size() <= kMaxShownBytes && is_valid_utf8(text);
    const std::string id = text.empty() ? fmt::format("{}", document.integer("_id")) : is_shown ? text : "?";
    return {fmt::format("the document {} of {} is not one that Globes has written", id, collection), 0, 0};
}

}  // namespace

std::string event_id(chat::RoomId room, std::uint64_t seq) { return fmt::format("{}:{}", room, seq); }

std::string dedupe_key(std::string_view folded_name, std::string_view client_id) {
    std::string key;
    append_escaped(key, folded_name);
    key.push_back('/');
    append_escaped(key, client_id);
    return key;
}

Document event_document(const chat::Event& event, std::uint64_t writer) {
    Document document;
    document.text("_id", event_id(event.room, event.seq)).number("room_id", event.room).number("seq", event.seq);
    if (event.kind == chat::EventKind::send)
        document.text("kind", kSend);
    else
        document.integer("kind", static_cast<std::int64_t>(event.kind));
    document.text("name", event.name).text("color", event.color).text("text", event.text);
    document.text("client_id", event.client_id).time("time", event.time);
    // Always there: a unique index without a filter takes one missing key a room, not more.
    document.text("dedupe_key", event.client_id.empty() ? fmt::format("{}", event.seq)
                                                        : dedupe_key(fold_case(event.name), event.client_id));
    document.number("writer", writer);
    return document;
}

chat::Event event_of(const DocumentView& document) {
    chat::Event event{.kind = kind_of(document),
                      .room = room_id_of(document, "room_id"),
                      .seq = document.number("seq"),
                      .name = document.text("name"),
                      .color = document.text("color"),
                      .text = document.text("text"),
                      .client_id = document.text("client_id"),
                      .time = document.time("time")};
    if (!is_durable(event.kind) || event.room == 0 || event.seq == 0 ||
        !are_texts({event.name, event.color, event.text, event.client_id}))
        throw not_ours(kEvents, document);
    return event;
}

void append_room_fields(Document& document, const chat::RoomRecord& room, std::uint64_t version) {
    document.text("title", room.title).text("title_key", fold_case(room.title)).text("description", room.description);
    document.text("visibility", kVisibilities.at(static_cast<std::size_t>(room.visibility)));
    document.text("password_hash", room.password_hash).boolean("owned", room.owned);
    document.number("token_epoch", room.token_epoch).number("retention_s", room.retention_s);
    document.number("max_events", room.max_events);
    document.time("created_at", room.created_at).time("updated_at", room.updated_at);
    document.number("version", version);
}

chat::RoomRecord room_of(const DocumentView& document) {
    chat::RoomRecord room{.id = room_id_of(document, "_id"),
                          .title = document.text("title"),
                          .description = document.text("description"),
                          .visibility = visibility_of(document.text("visibility")),
                          .password_hash = document.text("password_hash"),
                          .owned = document.boolean("owned"),
                          .token_epoch = document.number("token_epoch"),
                          .retention_s = document.number("retention_s"),
                          .max_events = document.number("max_events"),
                          .created_at = document.time("created_at"),
                          .updated_at = document.time("updated_at")};
    if (room.id == 0 || !are_texts({room.title, room.description, room.password_hash}))
        throw not_ours(kRooms, document);
    return room;
}

}  // namespace globes::store::mongo
