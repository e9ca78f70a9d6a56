#include "base/text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <cstdint>

namespace globes {
namespace {

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
    for (const char byte : text)
        if (static_cast<unsigned char>(byte) >= 0x80) return false;
    return true;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    bool valid = true;
    for_each_code_point(text, [&](UChar32 point, auto, auto) { return valid = point >= 0; });
    return valid;
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
        for (const char byte : text) folded.push_back(byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte);
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
