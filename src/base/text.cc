#include "base/text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace globes {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080;

std::uint64_t load_word(const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

std::string_view trim_any_of(std::string_view text, std::string_view characters) {
    text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
    return text.substr(0, text.find_last_not_of(characters) + 1);  // npos + 1 is 0
}

/// Returns the first byte that is not ASCII, or `end`.
const char* skip_ascii(const char* at, const char* end) {
    constexpr std::ptrdiff_t kStride = 4 * sizeof(std::uint64_t);
    while (end - at >= kStride) {
        if ((load_word(at) | load_word(at + 8) | load_word(at + 16) | load_word(at + 24)) & kHighBits) break;
        at += kStride;
    }
    while (end - at >= 8 && (load_word(at) & kHighBits) == 0) at += 8;
    while (at != end && static_cast<unsigned char>(*at) < 0x80) ++at;
    return at;
}

constexpr bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// Whether the byte begins a character of three bytes, without rules of its own for the second one (E0 and ED).
constexpr bool begins_wide_character(std::uint8_t byte) { return byte > 0xE0 && byte < 0xF0 && byte != 0xED; }

/// Skips complete ones of these characters. Not inline: the loop of the caller keeps its registers.
[[gnu::noinline]] const char* skip_wide_characters(const char* at, const char* end) {
    while (end - at >= 3 && begins_wide_character(static_cast<std::uint8_t>(*at)) && continues_character(at[1]) &&
           continues_character(at[2]))
        at += 3;
    return at;
}

/// Calls `visit(code_point, begin, end)` for each character (-1 for invalid UTF-8) until it returns false.
template <class Visit>
void for_each_code_point(std::string_view text, Visit visit) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto size = static_cast<std::int32_t>(text.size());
    for (std::int32_t at = 0; at < size;) {
        const std::int32_t begin = at;
        UChar32 point = 0;
        U8_NEXT(bytes, at, size, point);
        if (!visit(point, begin, at)) return;
    }
}

bool is_ascii(std::string_view text) {
    return skip_ascii(text.data(), text.data() + text.size()) == text.data() + text.size();
}

}  // namespace

bool Utf8Check::consume(std::string_view bytes) {
    // A local copy of the state stays in registers.
    Utf8Check state = *this;
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
        const auto byte = static_cast<std::uint8_t>(*at);
        if (state.missing_ > 0) {
            if (byte < state.lowest_ || byte > state.highest_) return false;
            --state.missing_;
            state.lowest_ = 0x80;
            state.highest_ = 0xBF;
            ++at;
        } else if (byte < 0x80) {
            at = skip_ascii(at, end);
        } else if (begins_wide_character(byte) && end - at >= 3) {
            const char* const next = skip_wide_characters(at, end);
            if (next == at) return false;
            at = next;
        } else {
            if (!state.begin_character(byte)) return false;
            ++at;
        }
    }
    *this = state;
    return true;
}

bool Utf8Check::begin_character(std::uint8_t byte) {
    // 80..BF cannot start a character; C0 and C1 only start overlong forms; F5 and above lie beyond U+10FFFF.
    if (byte < 0xC2 || byte > 0xF4) return false;
    missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    // The second byte decides about overlong forms (E0, F0), surrogates (ED) and U+10FFFF (F4).
    lowest_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
    highest_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
    return true;
}

bool is_valid_utf8(std::string_view text) {
    Utf8Check check;
    return check.consume(text) && check.is_complete();
}

std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

std::string_view wide_encoding(std::string_view text) {
    using namespace std::string_view_literals;
    if (text.starts_with("\xFF\xFE\0\0"sv) || text.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32";
    if (text.starts_with("\xFF\xFE"sv) || text.starts_with("\xFE\xFF"sv)) return "UTF-16";
    const auto is_zero = [text](std::size_t at) { return at < text.size() && text[at] == '\0'; };
    if (is_zero(2) && ((is_zero(0) && is_zero(1)) || (is_zero(1) && is_zero(3)))) return "UTF-32";
    return text.size() > 1 && is_zero(0) != is_zero(1) ? "UTF-16" : "";
}

std::size_t count_code_points(std::string_view text) {
    std::size_t count = 0;
    for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
    return count;
}

bool has_control_character(std::string_view text) {
    bool found = false;
    for_each_code_point(text, [&](UChar32 point, auto, auto) {
        found = point < 0x20 || (point >= 0x7F && point <= 0x9F);
        return !found;
    });
    return found;
}

std::string_view trim_blanks(std::string_view text) { return trim_any_of(text, " \t"); }

std::string_view trim_ascii(std::string_view text) { return trim_any_of(text, " \t\r\n"); }

std::string_view trim(std::string_view text) {
    std::size_t first = text.size();
    std::size_t last = 0;
    for_each_code_point(text, [&](UChar32 point, std::int32_t begin, std::int32_t end) {
        if (!u_isUWhiteSpace(point)) {
            if (first == text.size()) first = static_cast<std::size_t>(begin);
            last = static_cast<std::size_t>(end);
        }
        return true;
    });
    return first == text.size() ? std::string_view{} : text.substr(first, last - first);
}

std::string fold_case(std::string_view text) {
    std::string folded;
    folded.reserve(text.size());
    if (is_ascii(text)) {
        for (const char byte : text) folded.push_back(ascii_lower(byte));
        return folded;
    }
    for_each_code_point(text, [&](UChar32 point, auto, auto) {
        std::uint8_t bytes[U8_MAX_LENGTH];
        std::int32_t length = 0;
        U8_APPEND_UNSAFE(bytes, length, u_foldCase(point, U_FOLD_CASE_DEFAULT));
        folded.append(bytes, bytes + length);
        return true;
    });
    return folded;
}

}  // namespace globes
