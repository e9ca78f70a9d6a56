#include "store/mongo/bson.h"

#include <fmt/format.h>

namespace globes::store::mongo {
namespace {

constexpr UnixMicros kMicrosPerMilli = 1000;
constexpr double kEndOfExactDoubles = 9'007'199'254'740'992.0;  // 2^53

int length(std::string_view text) { return static_cast<int>(text.size()); }

/// Without the fraction, rounded down also before 1970.
std::int64_t millis_of(UnixMicros time) { return time / kMicrosPerMilli - (time % kMicrosPerMilli < 0 ? 1 : 0); }

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

Document& Document::documents(std::string_view key, const std::vector<Document>& values) {
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
    // Towards 0 first, or the oldest time that there is would not fit on the way.
    const bool is_before_1970 = millis < 0;
    std::int64_t time = 0;
    if (__builtin_mul_overflow(is_before_1970 ? millis + 1 : millis, kMicrosPerMilli, &time)) return 0;
    if (__builtin_add_overflow(time, is_before_1970 ? micros - kMicrosPerMilli : micros, &time)) return 0;
    return time;
}

void DocumentView::visit_document(const char* key, const std::function<void(const DocumentView&)>& look) const {
    bson_iter_t field;
    if (!bson_iter_init_find(&field, bson_, key) || !BSON_ITER_HOLDS_DOCUMENT(&field)) return;
    std::uint32_t length = 0;
    const std::uint8_t* data = nullptr;
    bson_iter_document(&field, &length, &data);
    bson_t inner;
    if (bson_init_static(&inner, data, length)) look(DocumentView(inner));
}

}  // namespace globes::store::mongo
