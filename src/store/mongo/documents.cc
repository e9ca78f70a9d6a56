#include "store/mongo/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>

#include "base/text.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {
namespace {

constexpr UnixMicros kMicrosPerMilli = 1000;
constexpr double kEndOfExactDoubles = 9'007'199'254'740'992.0;  // 2^53

int length(std::string_view text) { return static_cast<int>(text.size()); }

/// Without the fraction, rounded down also before 1970.
std::int64_t millis_of(UnixMicros time) { return time / kMicrosPerMilli - (time % kMicrosPerMilli < 0 ? 1 : 0); }

// Stored by name; any other kind is stored as its number.
constexpr std::string_view kSend = "send";
// Far more than the limits of any text of an event or a room.
constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxShownBytes = 64;

void append_escaped(std::string& key, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || c == '%' || c == '/')
            fmt::format_to(std::back_inserter(key), "%{:02X}", byte);
        else
            key.push_back(c);
    }
}

/// Hidden for an unknown name, as the safe choice: the room is not listed and needs a token.
chat::Visibility visibility_of(std::string_view name) {
    return chat::visibility_from_text(name).value_or(chat::Visibility::hidden_room);
}

/// A live kind, which no stored event has, if the field is invalid.
chat::EventKind kind_of(const DocumentView& document) {
    if (document.text("kind") == kSend) return chat::EventKind::send;
    const std::uint64_t number = document.number("kind");
    const auto kind = static_cast<chat::EventKind>(number);
    return number > 0 && number < 100 && is_durable(kind) ? kind : chat::EventKind::leave;
}

/// 0 if the field is not the id of a room.
chat::RoomId room_id_of(const DocumentView& document, const char* key) {
    const std::uint64_t id = document.number(key);
    return id < chat::kEndOfRoomIds ? id : 0;
}

/// Whether Globes could have stored these texts.
bool are_texts(std::initializer_list<std::string_view> texts) {
    return std::ranges::all_of(
        texts, [](std::string_view text) { return text.size() <= kMaxTextBytes && is_valid_utf8(text); });
}

/// Names the document by its id, if that is a number or a short text.
DatabaseError not_ours(const char* collection, const DocumentView& document) {
    const std::string text = document.text("_id");
    const bool is_shown = text.size() <= kMaxShownBytes && is_valid_utf8(text);
    const std::string id = text.empty() ? fmt::format("{}", document.integer("_id")) : is_shown ? text : "?";
    return {fmt::format("the document {} of {} is not one that Globes has written", id, collection), 0, 0};
}

}  // namespace

Document& Document::text(std::string_view key, std::string_view value) {
    bson_append_utf8(&bson_, key.data(), length(key), value.data(), length(value));
    return *this;
}

Document& Document::integer(std::string_view key, std::int64_t value) {
    bson_append_int64(&bson_, key.data(), length(key), value);
    return *this;
}

Document& Document::boolean(std::string_view key, bool value) {
    bson_append_bool(&bson_, key.data(), length(key), value);
    return *this;
}

Document& Document::time(std::string_view key, UnixMicros value) {
    const std::int64_t millis = millis_of(value);
    bson_append_date_time(&bson_, key.data(), length(key), millis);
    const std::string micros_key = std::string(key) + "_us";
    bson_append_int32(&bson_, micros_key.data(), length(micros_key),
                      static_cast<std::int32_t>(value - millis * kMicrosPerMilli));
    return *this;
}

Document& Document::document(std::string_view key, const Document& value) {
    bson_append_document(&bson_, key.data(), length(key), value.get());
    return *this;
}

Document& Document::texts(std::string_view key, const std::vector<std::string>& values) {
    Document array;
    for (std::size_t i = 0; i < values.size(); ++i) array.text(fmt::format("{}", i), values[i]);
    bson_append_array(&bson_, key.data(), length(key), array.get());
    return *this;
}

Document& Document::numbers(std::string_view key, const std::vector<std::uint64_t>& values) {
    Document array;
    for (std::size_t i = 0; i < values.size(); ++i) array.number(fmt::format("{}", i), values[i]);
    bson_append_array(&bson_, key.data(), length(key), array.get());
    return *this;
}

Document& Document::documents(std::string_view key, std::span<const Document> values) {
    Document array;
    for (std::size_t i = 0; i < values.size(); ++i) array.document(fmt::format("{}", i), values[i]);
    bson_append_array(&bson_, key.data(), length(key), array.get());
    return *this;
}

std::string DocumentView::text(const char* key) const {
    bson_iter_t field;
    if (!bson_iter_init_find(&field, bson_, key) || !BSON_ITER_HOLDS_UTF8(&field)) return {};
    std::uint32_t length = 0;
    const char* value = bson_iter_utf8(&field, &length);
    return {value, length};
}

std::int64_t DocumentView::integer(const char* key) const {
    bson_iter_t field;
    if (!bson_iter_init_find(&field, bson_, key)) return 0;
    if (BSON_ITER_HOLDS_INT32(&field)) return bson_iter_int32(&field);
    if (BSON_ITER_HOLDS_INT64(&field)) return bson_iter_int64(&field);
    // Numbers that a person has edited in a shell may have become doubles.
    if (!BSON_ITER_HOLDS_DOUBLE(&field)) return 0;
    const double value = bson_iter_double(&field);
    return value > -kEndOfExactDoubles && value < kEndOfExactDoubles ? static_cast<std::int64_t>(value) : 0;
}

std::uint64_t DocumentView::number(const char* key) const {
    const std::int64_t value = integer(key);
    return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

bool DocumentView::boolean(const char* key) const {
    bson_iter_t field;
    return bson_iter_init_find(&field, bson_, key) && bson_iter_as_bool(&field);
}

UnixMicros DocumentView::time(const char* key) const {
    bson_iter_t field;
    if (!bson_iter_init_find(&field, bson_, key) || !BSON_ITER_HOLDS_DATE_TIME(&field)) return 0;
    const std::int64_t millis = bson_iter_date_time(&field);
    const std::int64_t micros = integer((std::string(key) + "_us").c_str());
    if (micros < 0 || micros >= kMicrosPerMilli) return 0;
    // Rounded toward 0 first, because the product of the earliest possible time would overflow.
    const bool is_before_1970 = millis < 0;
    std::int64_t time = 0;
    if (__builtin_mul_overflow(is_before_1970 ? millis + 1 : millis, kMicrosPerMilli, &time)) return 0;
    if (__builtin_add_overflow(time, is_before_1970 ? micros - kMicrosPerMilli : micros, &time)) return 0;
    return time;
}

void DocumentView::visit_document(const char* key, const std::function<void(const DocumentView&)>& take) const {
    bson_iter_t field;
    if (!bson_iter_init_find(&field, bson_, key) || !BSON_ITER_HOLDS_DOCUMENT(&field)) return;
    std::uint32_t length = 0;
    const std::uint8_t* data = nullptr;
    bson_iter_document(&field, &length, &data);
    bson_t inner;
    if (bson_init_static(&inner, data, length)) take(DocumentView(inner));
}

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
    document.text("visibility", chat::visibility_text(room.visibility));
    document.text("password_hash", room.password_hash).boolean("owned", room.owned);
    document.number("token_epoch", room.token_epoch).number("owner_epoch", room.owner_epoch);
    document.text("salt", room.salt).time("old_keys_until", room.old_keys_until);
    document.number("retention_s", room.retention_s).number("max_events", room.max_events);
    document.time("created_at", room.created_at).time("updated_at", room.updated_at);
    document.number("version", version);
}

chat::RoomRecord room_record_of(const DocumentView& document) {
    chat::RoomRecord room{.id = room_id_of(document, "_id"),
                          .title = document.text("title"),
                          .description = document.text("description"),
                          .visibility = visibility_of(document.text("visibility")),
                          .password_hash = document.text("password_hash"),
                          .owned = document.boolean("owned"),
                          .token_epoch = document.number("token_epoch"),
                          .owner_epoch = document.number("owner_epoch"),
                          .salt = document.text("salt"),
                          .old_keys_until = document.time("old_keys_until"),
                          .retention_s = document.number("retention_s"),
                          .max_events = document.number("max_events"),
                          .created_at = document.time("created_at"),
                          .updated_at = document.time("updated_at")};
    if (room.id == 0 || !are_texts({room.title, room.description, room.password_hash, room.salt}))
        throw not_ours(kRooms, document);
    return room;
}

}  // namespace globes::store::mongo
