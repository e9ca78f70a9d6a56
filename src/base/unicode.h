// Text as code points instead of bytes. Case folding is ICU's, so titles and names compare by Unicode's rules.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace globes {

/// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);

/// `text` without the byte order mark that some editors put before UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

/// `UTF-16` or `UTF-32` if `text` has the byte order mark of this encoding, or zero bytes around its first character,
/// which is ASCII in all formats of this program. Empty for all other texts.
std::string_view wide_encoding(std::string_view text);

/// `text` must be valid UTF-8.
std::size_t count_code_points(std::string_view text);

/// True if a character of the general category Cc (U+0000..1F, U+007F..9F) occurs. `text` must be valid UTF-8.
bool has_control_character(std::string_view text);

/// `text` without Unicode White_Space at both ends. `text` must be valid UTF-8; the result views it.
std::string_view trim(std::string_view text);

/// Unicode simple case folding, the key under which titles and names are unique. `text` must be valid UTF-8.
std::string fold_case(std::string_view text);

}  // namespace globes
