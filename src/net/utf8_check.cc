#include "net/utf8_check.h"

#include <cstddef>
#include <cstring>

namespace globes::net {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080;

std::uint64_t load_word(const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
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

}  // namespace globes::net
