#include "api/wire/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstddef>

#include "base/text.h"

namespace globes::api {
namespace {

namespace json = boost::json;

/// Receives the events of Boost.JSON's parser and keeps the wanted fields of the outermost object. Boost passes a text
/// with escapes in parts, and the last part to `on_string` or `on_key`.
class FieldCollector {
public:
    // NOLINTBEGIN(readability-identifier-naming): the names are Boost's.
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    // NOLINTEND(readability-identifier-naming)

    explicit FieldCollector(std::span<JsonField> fields) : fields_(fields) {}

    bool saw_object() const { return saw_object_; }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }

    bool on_object_begin(json::error_code&) {
        if (depth_ == 0) saw_object_ = true;
        return enter();
    }
    bool on_object_end(std::size_t, json::error_code&) { return leave(); }
    bool on_array_begin(json::error_code&) { return enter(); }
    bool on_array_end(std::size_t, json::error_code&) { return leave(); }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        if (depth_ == 1) key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        if (depth_ != 1) return true;
        key_.append(part.data(), part.size());
        const auto found = std::ranges::find(fields_, std::string_view(key_), &JsonField::key);
        key_.clear();
        current_ = found == fields_.end() ? nullptr : &*found;
        if (current_ != nullptr) *current_ = JsonField{.key = current_->key, .expected = current_->expected};
        return true;
    }

    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        if (wants_value()) current_->text.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t total, json::error_code& error) {
        set_type(JsonField::Type::string);
        return on_string_part(part, total, error);
    }
    bool on_bool(bool value, json::error_code&) {
        if (wants_value()) current_->flag = value;
        return set_type(JsonField::Type::boolean);
    }
    bool on_null(json::error_code&) { return set_type(JsonField::Type::absent); }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
        if (wants_value()) current_->number = value;
        return set_type(JsonField::Type::integer);
    }
    bool on_uint64(std::uint64_t, json::string_view text, json::error_code& error) {
        return on_int64(INT64_MAX, text, error);  // beyond every limit, as the number itself
    }
    bool on_double(double, json::string_view, json::error_code&) { return set_type(JsonField::Type::other); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    bool wants_value() const { return depth_ == 1 && current_ != nullptr; }
    bool set_type(JsonField::Type type) {
        if (wants_value()) current_->type = type;
        return true;
    }
    bool enter() {
        set_type(JsonField::Type::other);
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }

    const std::span<JsonField> fields_;
    JsonField* current_ = nullptr;  ///< The field of the next value; null if it is not wanted.
    std::string key_;               ///< The parts of a key of the outermost object so far.
    int depth_ = 0;
    bool saw_object_ = false;
};

constexpr bool needs_escape(char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == '"' || byte == '\\';
}

constexpr std::string_view kWithShortForm = "\"\\\b\f\n\r\t";
constexpr std::size_t kShortEscape = 2;  // bytes: \n
constexpr std::size_t kLongEscape = 6;   // bytes: \u0001

constexpr bool has_short_escape(char byte) { return kWithShortForm.contains(byte); }

void append_escaped(std::string& out, char byte) {
    constexpr std::string_view kShortForms = "\"\\bfnrt";
    constexpr std::string_view kHexDigits = "0123456789abcdef";
    out += '\\';
    if (const std::size_t index = kWithShortForm.find(byte); index != std::string_view::npos) {
        out += kShortForms[index];
        return;
    }
    out += "u00";
    out += kHexDigits[static_cast<unsigned char>(byte) >> 4];
    out += kHexDigits[static_cast<unsigned char>(byte) & 0xF];
}

}  // namespace

bool read_json_object(std::string_view text, std::span<JsonField> fields) {
    text = without_byte_order_mark(text);
    if (!is_valid_utf8(text)) return false;
    json::parse_options options;
    options.max_depth = kDeepestJson;
    options.allow_invalid_utf8 = true;  // Boost's check takes several times as long as that above
    json::basic_parser<FieldCollector> parser(options, fields);
    json::error_code error;
    const std::size_t consumed = parser.write_some(false, text.data(), text.size(), error);
    // The parser consumes white space after the object, but nothing else.
    return !error && consumed == text.size() && parser.handler().saw_object();
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto special = std::ranges::find_if(text, needs_escape);
        const auto plain_bytes = static_cast<std::size_t>(special - text.begin());
        out.append(text.substr(0, plain_bytes));
        if (special == text.end()) break;
        append_escaped(out, *special);
        text.remove_prefix(plain_bytes + 1);
    }
    out += '"';
}

std::size_t json_string_size(std::string_view text) {
    constexpr std::size_t kQuotes = 2;
    std::size_t size = text.size() + kQuotes;
    for (const char byte : text)
        if (needs_escape(byte)) size += has_short_escape(byte) ? kShortEscape - 1 : kLongEscape - 1;
    return size;
}

void append_json_time(std::string& out, UnixMicros time) {
    out += '"';
    out += format_rfc3339(time);
    out += '"';
}

}  // namespace globes::api
