// JSON in small pieces, for the wire_* files: reading the fields of one object, writing strings, numbers and times.
// Plain functions without state, any thread.
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

/// A field that a reader asks for by `key`, and what was found there.
struct JsonField {
    enum class Type : std::uint8_t {
        absent,  ///< Missing, or null.
        string,
        boolean,
        integer,  ///< Within 64 bits; the largest signed one stands for those above it.
        other,    ///< Another number, an array or an object.
    };

    std::string_view key;
    Type expected = Type::string;  ///< For callers that check types; not looked at here.
    Type type = Type::absent;
    std::string text = {};    ///< Of a string: unescaped, valid UTF-8, may hold U+0000.
    bool flag = false;        ///< Of a boolean.
    std::int64_t number = 0;  ///< Of an integer.
};

/// Arrays and objects in one another; the parser calls itself for each.
inline constexpr std::size_t kDeepestJson = 500;

/// Reads `text` as one JSON object (RFC 8259, nothing looser) and fills in `fields`; of equal keys the last one counts.
/// A byte order mark in front of it is passed over (RFC 8259, 8.1).
///
/// False, with `fields` in an unspecified state, where the text is broken JSON, no object, not valid UTF-8, holds a
/// lone surrogate or nests deeper than `kDeepestJson`. Memory is taken only for the fields asked for, time grows
/// linearly with the text: no document is built, so that nothing in the rest of it (deep, wide, keys made to collide)
/// can cost more than its bytes.
bool read_json_object(std::string_view text, std::span<JsonField> fields);

/// Appends `text` (valid UTF-8) in quotes. Escapes only what RFC 8259 demands: quote, backslash and U+0000..1F.
void append_json_string(std::string& out, std::string_view text);

void append_json_integer(std::string& out, std::integral auto value) {
    const fmt::format_int digits(value);
    out.append(digits.data(), digits.size());
}

/// Appends the time in quotes, as `format_rfc3339` writes it.
void append_json_time(std::string& out, UnixMicros time);

}  // namespace globes::api
