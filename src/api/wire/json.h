// Reading and writing JSON: the fields of one object, strings, numbers and times. Plain functions, any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/clock.h"

namespace globes::api {

/// A field to read, by its `key`, and the value that was found.
struct JsonField {
    enum class Type : std::uint8_t {
        absent,  ///< Missing, or null.
        string,
        boolean,
        integer,  ///< Within 64 bits; greater ones than the greatest signed one are read as that.
        other,    ///< Another number, an array or an object.
    };

    std::string_view key;
    Type expected = Type::string;  ///< For callers that check types; `read_json_object` does not.
    Type type = Type::absent;
    std::string text = {};    ///< Of a string: unescaped, valid UTF-8, may contain U+0000.
    bool flag = false;        ///< Of a boolean.
    std::int64_t number = 0;  ///< Of an integer.
};

/// The greatest depth of nested arrays and objects. The parser is recursive.
inline constexpr std::size_t kDeepestJson = 500;

/// Parses `text` as one JSON object (strictly RFC 8259) and fills in `fields`; of equal keys the last one counts. Skips
/// a byte order mark at the start (RFC 8259, 8.1).
///
/// Returns false, and leaves `fields` unspecified, if the text is not JSON, not an object or not valid UTF-8, contains
/// a lone surrogate, or is nested deeper than `kDeepestJson`. Uses memory for the given fields only, and time linear in
/// the size of the text: it builds no document, so that deep or wide values and colliding keys cost no more than their
/// bytes.
bool read_json_object(std::string_view text, std::span<JsonField> fields);

/// Appends `text` (valid UTF-8) in quotes. Escapes only what RFC 8259 requires: quote, backslash and U+0000..1F.
void append_json_string(std::string& out, std::string_view text);
/// How many bytes that appends.
std::size_t json_string_size(std::string_view text);

void append_json_integer(std::string& out, std::integral auto value) {
    const fmt::format_int digits(value);
    out.append(digits.data(), digits.size());
}

/// Appends the time in quotes, as `format_rfc3339` writes it.
void append_json_time(std::string& out, UnixMicros time);

}  // namespace globes::api
