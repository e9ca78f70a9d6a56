#include "bench/client_messages.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "base/big_endian.h"

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

// One key for every frame: the mask protects proxies (RFC 6455, 10.3), which do not matter here, and costs the server
// the same.
constexpr std::array<std::uint8_t, 4> kMaskingKey = {0x5b, 0xc3, 0x96, 0x2e};

constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kMasked = 0x80;

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

CentrifugeMessage classify_centrifuge(std::string_view line) {
    if (line.starts_with(R"({"push":)")) return CentrifugeMessage::push;
    if (line == "{}") return CentrifugeMessage::ping;
    if (line.find(R"("error":{)") != std::string_view::npos) return CentrifugeMessage::error;
    return line.find(R"("subscribe":{)") != std::string_view::npos ? CentrifugeMessage::subscribed
                                                                   : CentrifugeMessage::other;
}

std::string centrifuge_greeting(std::string_view channel) {
    return fmt::format("{{\"id\":1,\"connect\":{{}}}}\n{{\"id\":2,\"subscribe\":{{\"channel\":\"{}\"}}}}", channel);
}

std::string centrifuge_publish_head(std::string_view channel) {
    return fmt::format(R"({{"id":3,"publish":{{"channel":"{}","data":)", channel);
}

void append_client_frame(std::string& out, std::uint8_t opcode, std::string_view payload) {
    const std::size_t length = payload.size();
    out.push_back(static_cast<char>(kFinal | opcode));
    if (length < 126) {
        out.push_back(static_cast<char>(kMasked | length));
    } else {
        const bool is_long = length > 0xffff;
        out.push_back(static_cast<char>(kMasked | (is_long ? 127 : 126)));
        append_big_endian(out, length, is_long ? 8 : 2);
    }
    for (const std::uint8_t byte : kMaskingKey) out.push_back(static_cast<char>(byte));
    const std::size_t start = out.size();
    out.append(payload);
    for (std::size_t i = 0; i < length; ++i) {
        out[start + i] = static_cast<char>(static_cast<std::uint8_t>(out[start + i]) ^ kMaskingKey[i % 4]);
    }
}

std::optional<ServerFrame> read_server_frame(std::string_view bytes) {
    if (bytes.size() < 2) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(bytes[0]);
    const auto second = static_cast<std::uint8_t>(bytes[1]);
    std::uint64_t length = second & 0x7f;
    std::size_t header = 2;
    if (length >= 126) {
        const std::size_t extended = length == 126 ? 2 : 8;
        header += extended;
        if (bytes.size() < header) return std::nullopt;
        length = read_big_endian(bytes.substr(2, extended));
    }
    if (bytes.size() - header < length) return std::nullopt;
    ServerFrame frame;
    frame.opcode = first & 0x0f;
    frame.is_valid = (first & 0xf0) == kFinal && (second & kMasked) == 0 && frame.opcode != 0;
    frame.payload = bytes.substr(header, static_cast<std::size_t>(length));
    frame.size = header + frame.payload.size();
    return frame;
}

SendEvent::SendEvent(std::uint32_t sender, std::string_view name, std::size_t text_bytes, std::string_view head,
                     std::string_view tail)
    : sender_(sender) {
    json_ = fmt::format(R"({}{{"event_type":"send","name":"{}","msg":")", head, name);
    mark_at_ = json_.size();
    json_.append(text_bytes, '.');
    json_.append(R"(","id":")");
    id_at_ = json_.size();
    json_.append(message_id(sender, 0));
    json_.append(R"("})");
    json_.append(tail);
}

void SendEvent::append(std::string& out, std::uint32_t n, std::int64_t sent_ns) {
    write_mark(json_.data() + mark_at_, Mark{sender_, n, sent_ns});
    const std::string id = message_id(sender_, n);
    json_.replace(id_at_, id.size(), id);
    append_client_frame(out, kText, json_);
}

std::string message_id(std::uint32_t sender, std::uint32_t n) {
    // Multiplying by an odd number permutes all 64-bit numbers. The id has as many characters as a UUID has digits.
    constexpr std::uint64_t kFactor = 0x9E37'79B9'7F4A'7C15;
    const std::uint64_t first = (std::uint64_t{sender} << 32 | n) * kFactor;
    return fmt::format("{:016x}{:016x}", first, (first ^ first >> 32) * kFactor);
}

}  // namespace globes::bench
