// Text as users see it: code points, not bytes. Folding is ICU's, so that titles and names compare as Unicode says.
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

/// `UTF-16` or `UTF-32` where `text` is plainly that: it has its byte order mark, or zero bytes around its first
/// character, which in a text of this program's formats is ASCII. Empty for all else.
std::string_view wide_encoding(std::string_view text);

/// `text` must be valid UTF-8.
std::size_t count_code_points(std::string_view text);

/// True if a character of the general category Cc (U+0000..1F, U+007F..9F) occurs. `text` must be valid UTF-8.
bool has_control_character(std::string_view text);

/// Without Unicode White_Space at both ends. `text` must be valid UTF-8; the result views it.
std::string_view trim(std::string_view text);

/// Unicode simple case folding, the key under which titles and names are unique. `text` must be valid UTF-8.
std::string fold_case(std::string_view text);

}  // namespace globes
