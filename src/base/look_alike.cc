#include "base/look_alike.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include "base/text.h"

namespace globes {
namespace {

constexpr std::size_t kAsciiCharacters = 128;
// Braille without dots. It is neither white space nor ignorable, but looks like a space.
constexpr UChar32 kBrailleBlank = 0x2800;

void check(UErrorCode code, const char* function) {
    if (U_FAILURE(code)) throw std::runtime_error(fmt::format("ICU: {}: {}", function, u_errorName(code)));
}

std::u16string to_utf16(std::string_view text) {
    std::u16string wide(text.size(), u'\0');  // UTF-16 never has more units than UTF-8 has bytes
    std::int32_t length = 0;
    UErrorCode code = U_ZERO_ERROR;
    u_strFromUTF8(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                  static_cast<std::int32_t>(text.size()), &code);
    check(code, "u_strFromUTF8");
    wide.resize(static_cast<std::size_t>(length));
    return wide;
}

std::string to_utf8(std::u16string_view wide) {
    std::string text(3 * wide.size(), '\0');
    std::int32_t length = 0;
    UErrorCode code = U_ZERO_ERROR;
    u_strToUTF8(text.data(), static_cast<std::int32_t>(text.size()), &length, wide.data(),
                static_cast<std::int32_t>(wide.size()), &code);
    check(code, "u_strToUTF8");
    text.resize(static_cast<std::size_t>(length));
    return text;
}

/// Calls `transform(out, capacity, code)`, which returns the length of its result, again if the result is longer than
/// the capacity.
template <class Transform>
std::u16string transformed(std::size_t expected, const char* function, Transform transform) {
    std::u16string out(expected, u'\0');
    for (;;) {
        UErrorCode code = U_ZERO_ERROR;
        const std::int32_t length = transform(out.data(), static_cast<std::int32_t>(out.size()), &code);
        const bool is_whole = code != U_BUFFER_OVERFLOW_ERROR;
        if (is_whole) check(code, function);
        out.resize(static_cast<std::size_t>(length));
        if (is_whole) return out;
    }
}

std::u16string to_nfkc(std::u16string_view text) {
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2* const nfkc = unorm2_getNFKCInstance(&code);
    check(code, "unorm2_getNFKCInstance");
    return transformed(
        text.size() + 16, "unorm2_normalize", [&](char16_t* out, std::int32_t capacity, UErrorCode* failed) {
            return unorm2_normalize(nfkc, text.data(), static_cast<std::int32_t>(text.size()), out, capacity, failed);
        });
}

struct CloseChecker {
    void operator()(USpoofChecker* checker) const { uspoof_close(checker); }
};

/// The constant functions of one checker may be called on several threads.
const USpoofChecker& checker() {
    static const std::unique_ptr<USpoofChecker, CloseChecker> only = [] {
        UErrorCode code = U_ZERO_ERROR;
        std::unique_ptr<USpoofChecker, CloseChecker> opened(uspoof_open(&code));
        check(code, "uspoof_open");
        return opened;
    }();
    return *only;
}

std::u16string skeleton_of(std::u16string_view text) {
    return transformed(2 * text.size() + 16, "uspoof_getSkeleton",
                       [&](char16_t* out, std::int32_t capacity, UErrorCode* failed) {
                           constexpr std::uint32_t kOfAnyCase = 0;
                           return uspoof_getSkeleton(&checker(), kOfAnyCase, text.data(),
                                                     static_cast<std::int32_t>(text.size()), out, capacity, failed);
                       });
}

bool is_blank(UChar32 point) { return u_isUWhiteSpace(point) || point == kBrailleBlank; }

/// A mark that only changes the character before it.
bool is_mark(UChar32 point) { return (U_GET_GC_MASK(point) & (U_GC_MN_MASK | U_GC_ME_MASK)) != 0; }

bool is_bidi_control(UChar32 point) { return u_hasBinaryProperty(point, UCHAR_BIDI_CONTROL); }

bool is_removed(UChar32 point) {
    return u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || is_bidi_control(point);
}

/// Calls `append` for each character of `text`, without those that are removed, and with single spaces.
template <class Append>
void append_visible(std::u16string_view text, Append append) {
    bool is_begun = false;
    bool has_gap = false;
    const auto size = static_cast<std::int32_t>(text.size());
    for (std::int32_t at = 0; at < size;) {
        UChar32 point = 0;
        U16_NEXT(text.data(), at, size, point);
        if (is_removed(point)) continue;
        if (is_blank(point)) {
            has_gap = is_begun;
            continue;
        }
        if (has_gap) append(U' ');
        has_gap = false;
        is_begun = true;
        append(point);
    }
}

std::u16string visible_utf16(std::string_view text) {
    const auto clean = [](std::u16string_view given) {
        std::u16string kept;
        append_visible(given, [&](UChar32 point) {
            char16_t units[U16_MAX_LENGTH];
            std::int32_t length = 0;
            U16_APPEND_UNSAFE(units, length, point);
            kept.append(units, static_cast<std::size_t>(length));
        });
        return kept;
    };
    // Again after the normalization, which makes spaces of some characters, such as U+00A8.
    return clean(to_nfkc(clean(to_utf16(text))));
}

bool is_ascii(std::string_view text) {
    return std::ranges::none_of(text, [](char byte) { return static_cast<unsigned char>(byte) >= kAsciiCharacters; });
}

/// Of each ASCII character, by ICU. The skeleton of an ASCII text is that of its characters, because none of them is
/// composed with another.
const std::array<std::string, kAsciiCharacters>& ascii_skeletons() {
    static const std::array<std::string, kAsciiCharacters> all = [] {
        std::array<std::string, kAsciiCharacters> skeletons;
        for (std::size_t point = 0; point < kAsciiCharacters; ++point) {
            const auto unit = static_cast<char16_t>(point);
            skeletons[point] = fold_case(to_utf8(skeleton_of({&unit, 1})));
        }
        return skeletons;
    }();
    return all;
}

constexpr bool is_ascii_blank(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// The same as `visible_text` for ASCII, which has no default-ignorable characters and is its own NFKC.
std::string visible_ascii(std::string_view text) {
    std::string kept;
    kept.reserve(text.size());
    bool has_gap = false;
    for (const char byte : text) {
        if (is_ascii_blank(byte)) {
            has_gap = !kept.empty();
            continue;
        }
        if (std::exchange(has_gap, false)) kept += ' ';
        kept += byte;
    }
    return kept;
}

LookAlikeKeys keys_of_ascii(std::string_view text) {
    const std::string visible = visible_ascii(text);
    LookAlikeKeys keys{.folded = fold_case(visible), .skeleton = {}};
    keys.skeleton.reserve(visible.size());
    for (const char byte : visible) keys.skeleton += ascii_skeletons()[static_cast<unsigned char>(byte)];
    return keys;
}

}  // namespace

std::string visible_text(std::string_view text) {
    return is_ascii(text) ? visible_ascii(text) : to_utf8(visible_utf16(text));
}

bool is_misleading(std::string_view text) {
    if (is_ascii(text)) return std::ranges::all_of(text, is_ascii_blank);
    bool is_visible = false;
    const auto size = static_cast<std::int32_t>(text.size());
    for (std::int32_t at = 0; at < size;) {
        UChar32 point = 0;
        U8_NEXT(reinterpret_cast<const std::uint8_t*>(text.data()), at, size, point);
        if (is_bidi_control(point)) return true;
        is_visible |= !is_removed(point) && !is_blank(point) && !is_mark(point);
    }
    return !is_visible;
}

LookAlikeKeys LookAlikeKeys::of(std::string_view text) {
    if (is_ascii(text)) return keys_of_ascii(text);
    const std::u16string visible = visible_utf16(text);
    return {.folded = fold_case(to_utf8(visible)), .skeleton = fold_case(to_utf8(skeleton_of(visible)))};
}

}  // namespace globes
