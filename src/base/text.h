// Text: ASCII and Unicode case, white space, UTF-8. Case folding is ICU's, so titles and names compare by Unicode's
// rules. Pure functions. Thread: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace globes {

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr bool is_ascii_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

/// Checks strict UTF-8 (RFC 3629) that arrives in pieces: no overlong forms, no surrogates, nothing above U+10FFFF. A
/// value of three bytes. Each text needs a new one.
class Utf8Check {
public:
    /// Checks the next bytes. Returns false if no valid text starts with the bytes so far;
    /// afterwards it MUST NOT be called again.
    [[nodiscard]] bool consume(std::string_view bytes);

    /// Returns whether the bytes so far end at a character boundary.
    bool is_complete() const { return missing_ == 0; }

private:
    bool begin_character(std::uint8_t byte);

    std::uint8_t missing_ = 0;  // Continuation bytes that the current character still needs.
    std::uint8_t lowest_ = 0;   // The next of them must lie in lowest_..highest_.
    std::uint8_t highest_ = 0;
};

/// Whether `text` is complete and strict UTF-8, as Utf8Check checks it.
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

/// `text` without spaces and tabs at both ends (OWS, RFC 9110, 5.6.3).
std::string_view trim_blanks(std::string_view text);

/// `text` without spaces, tabs and line breaks at both ends.
std::string_view trim_ascii(std::string_view text);

/// `text` without Unicode White_Space at both ends. `text` must be valid UTF-8; the result views it.
std::string_view trim(std::string_view text);

/// Unicode simple case folding, the key under which titles and names are unique. `text` must be valid UTF-8.
std::string fold_case(std::string_view text);

}  // namespace globes
