#include "bench/mark.h"

#include <cstring>

namespace globes::bench {
namespace {

char* write_digits(char* out, std::uint64_t value, std::size_t digits) {
    for (std::size_t i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
    return out + digits;
}

/// Parses the digits and advances; false for any other character.
bool read_digits(const char*& in, std::size_t digits, std::uint64_t& value) {
    value = 0;
    for (std::size_t i = 0; i < digits; ++i, ++in) {
        const auto digit = static_cast<unsigned>(*in - '0');
        if (digit > 9) return false;
        value = value * 10 + digit;
    }
    return true;
}

}  // namespace

void write_mark(char* out, const Mark& mark) {
    std::memcpy(out, kMarker.data(), kMarker.size());
    out = write_digits(out + kMarker.size(), mark.sender, kSenderDigits);
    *out++ = ' ';
    out = write_digits(out, mark.n, kCountDigits);
    *out++ = ' ';
    write_digits(out, static_cast<std::uint64_t>(mark.sent_ns), kTimeDigits);
}

std::optional<Mark> find_mark(std::string_view text, std::size_t& hint) {
    if (hint > text.size() || !text.substr(hint).starts_with(kMarker)) {
        const std::size_t found = text.find(kMarker);
        if (found == std::string_view::npos) return std::nullopt;
        hint = found;
    }
    if (text.size() - hint < kMarkBytes) return std::nullopt;
    const char* in = text.data() + hint + kMarker.size();
    std::uint64_t sender = 0;
    std::uint64_t n = 0;
    std::uint64_t sent_ns = 0;
    if (!read_digits(in, kSenderDigits, sender) || *in++ != ' ' || !read_digits(in, kCountDigits, n) || *in++ != ' ' ||
        !read_digits(in, kTimeDigits, sent_ns)) {
        return std::nullopt;
    }
    return Mark{static_cast<std::uint32_t>(sender), static_cast<std::uint32_t>(n), static_cast<std::int64_t>(sent_ns)};
}

}  // namespace globes::bench
