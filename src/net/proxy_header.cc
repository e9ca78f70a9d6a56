#include "net/proxy_header.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <system_error>

#include "base/big_endian.h"

namespace globes::net {
namespace {

using Kind = ProxyHeader::Kind;

constexpr ProxyHeader kInvalid{.kind = Kind::invalid};

ProxyHeader partial(std::size_t needed) { return {.kind = Kind::partial, .bytes = needed}; }

// --- version 1: a line of text ---------------------------------------------------------------------------------------

constexpr std::string_view kBeginV1 = "PROXY ";
constexpr std::string_view kLineEnd = "\r\n";

/// Removes the text up to the next space, and the space.
std::string_view take_field(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view field = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return field;
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size();
}

/// An address in the notation of its family; an IPv4 address in IPv6 form is one of IPv6 here.
std::optional<IpAddress> parse_address(std::string_view text, bool is_v6) {
    return text.contains(':') == is_v6 ? IpAddress::parse(text) : std::nullopt;
}

ProxyHeader parse_v1(std::string_view begin) {
    const std::string_view text = begin.substr(0, kMaxProxyHeaderV1);
    const std::size_t end = text.find(kLineEnd);
    if (end == std::string_view::npos) return text.size() < kMaxProxyHeaderV1 ? partial(text.size() + 1) : kInvalid;
    std::string_view line = text.substr(kBeginV1.size(), end - kBeginV1.size());
    ProxyHeader header{.kind = Kind::complete, .bytes = end + kLineEnd.size()};
    const std::string_view family = take_field(line);
    if (family == "UNKNOWN") return header;
    if (family != "TCP4" && family != "TCP6") return kInvalid;
    const bool is_v6 = family == "TCP6";
    header.client = parse_address(take_field(line), is_v6);
    const bool has_destination = parse_address(take_field(line), is_v6).has_value();
    const bool has_ports = is_port(take_field(line)) && is_port(take_field(line));
    return header.client && has_destination && has_ports && line.empty() && text[end - 1] != ' ' ? header : kInvalid;
}

// --- version 2: binary -----------------------------------------------------------------------------------------------

constexpr std::string_view kBeginV2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedBytes = 16;  // with the length of the rest
constexpr std::size_t kLengthAt = 14;

constexpr std::uint8_t kLocal = 0x20;  // version 2 and the command
constexpr std::uint8_t kProxy = 0x21;

constexpr std::uint8_t kUnspecified = 0x00;  // address family and transport
constexpr std::uint8_t kTcp4 = 0x11;
constexpr std::uint8_t kTcp6 = 0x21;
constexpr std::uint8_t kUnixStream = 0x31;
constexpr std::size_t kBytesOfTcp4 = 12;  // two addresses and two ports
constexpr std::size_t kBytesOfTcp6 = 36;
constexpr std::size_t kBytesOfUnix = 216;

constexpr std::uint8_t kSslType = 0x20;
constexpr std::size_t kSslBytes = 5;  // at least: flags and the result of the verification
constexpr std::uint8_t kClientSsl = 0x01;

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

std::size_t length_at(std::string_view text, std::size_t at) {
    return static_cast<std::size_t>(read_big_endian(text.substr(at, 2)));
}

/// `text`: at least `kBytes`.
template <std::size_t kBytes>
IpAddress address_at_begin(std::string_view text) {
    assert(text.size() >= kBytes);
    std::array<std::uint8_t, kBytes> bytes;
    std::memcpy(bytes.data(), text.data(), kBytes);
    return IpAddress(bytes);
}

/// Reads the type-length-value fields behind the addresses. Returns false if one does not end with them.
bool read_fields(std::string_view fields, ProxyHeader& header) {
    constexpr std::size_t kHeadBytes = 3;
    while (!fields.empty()) {
        if (fields.size() < kHeadBytes) return false;
        const std::size_t length = length_at(fields, 1);
        if (fields.size() - kHeadBytes < length) return false;
        const std::string_view value = fields.substr(kHeadBytes, length);
        if (byte_at(fields, 0) == kSslType) {
            if (value.size() < kSslBytes) return false;
            header.is_secure = header.is_secure || (byte_at(value, 0) & kClientSsl) != 0;
        }
        fields.remove_prefix(kHeadBytes + length);
    }
    return true;
}

/// The size of the addresses of a family; empty for one that a connection cannot have.
std::optional<std::size_t> address_bytes(std::uint8_t family) {
    switch (family) {
        case kUnspecified:
            return 0;
        case kTcp4:
            return kBytesOfTcp4;
        case kTcp6:
            return kBytesOfTcp6;
        case kUnixStream:
            return kBytesOfUnix;
        default:
            return std::nullopt;
    }
}

ProxyHeader parse_v2(std::string_view begin) {
    if (begin.size() < kFixedBytes) return partial(kFixedBytes);
    const std::size_t bytes = kFixedBytes + length_at(begin, kLengthAt);
    const std::uint8_t command = byte_at(begin, kBeginV2.size());
    const std::uint8_t family = byte_at(begin, kBeginV2.size() + 1);
    const auto addresses = command == kLocal ? std::optional<std::size_t>(0) : address_bytes(family);
    const bool is_known = (command == kLocal || command == kProxy) && addresses;
    if (!is_known || bytes > kMaxProxyHeaderV2 || bytes - kFixedBytes < *addresses) return kInvalid;
    if (begin.size() < bytes) return partial(bytes);

    const std::string_view rest = begin.substr(kFixedBytes, bytes - kFixedBytes);
    ProxyHeader header{.kind = Kind::complete, .bytes = bytes};
    // A proxy that speaks for itself may send anything here, which is to be skipped. So may one that does not know the
    // addresses.
    if (command == kLocal || family == kUnspecified) return header;
    if (family == kTcp4) header.client = address_at_begin<4>(rest);
    if (family == kTcp6) header.client = address_at_begin<16>(rest);
    return read_fields(rest.substr(*addresses), header) ? header : kInvalid;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view begin) {
    for (const std::string_view first : {kBeginV1, kBeginV2}) {
        if (begin.size() < first.size() && first.starts_with(begin)) return partial(first.size());
        if (begin.starts_with(first)) return first == kBeginV1 ? parse_v1(begin) : parse_v2(begin);
    }
    return {};
}

}  // namespace globes::net
