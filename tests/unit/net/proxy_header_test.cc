#include "net/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace globes::net {
namespace {

using Kind = ProxyHeader::Kind;

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\n";

/// The result for `text`, followed by a request. It MUST be the same for every part of the bytes, or `partial`.
ProxyHeader parse(std::string_view text) {
    const std::string bytes = std::string(text) + std::string(kRequest);
    const ProxyHeader whole = parse_proxy_header(bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const ProxyHeader part = parse_proxy_header(std::string_view(bytes).substr(0, size));
        if (part.kind != Kind::partial) {
            EXPECT_EQ(part, whole) << size << " bytes of " << text;
            continue;
        }
        EXPECT_GT(part.bytes, size) << text;
        if (whole.kind == Kind::complete) {
            EXPECT_LE(part.bytes, whole.bytes) << "it would wait for bytes behind the header";
            EXPECT_LT(size, whole.bytes);
        }
    }
    return whole;
}

std::string client(const ProxyHeader& header) {
    if (header.kind == Kind::none) return "no header";
    if (header.kind == Kind::partial) return "partial";
    if (header.kind == Kind::invalid) return "invalid";
    return header.client ? header.client->text() : "unknown";
}

std::string v1(std::string_view line) {
    const ProxyHeader header = parse(std::string(line) + "\r\n");
    EXPECT_TRUE(header.kind != Kind::complete || header.bytes == line.size() + 2);
    return client(header);
}

TEST(ProxyHeader, OtherBytesAreNotAHeader) {
    for (const char* text : {"", "P", "PUT / HTTP/1.1\r\n", "PROX", "PROXY", "PROXYX ", "proxy TCP4 ", "\r\n",
                             "\r\n\r\n", "\x16\x03\x01", "\r\n\r\n\x01"})
        EXPECT_EQ(client(parse(text)), "no header") << text;
}

TEST(ProxyHeader, Version1NamesTheClient) {
    EXPECT_EQ(v1("PROXY TCP4 192.0.2.1 10.0.0.1 4711 80"), "192.0.2.1");
    EXPECT_EQ(v1("PROXY TCP6 2001:db8::1 2001:db8::2 4711 443"), "2001:db8::1");
    EXPECT_EQ(v1("PROXY TCP6 ::ffff:192.0.2.1 ::1 0 65535"), "192.0.2.1");
    EXPECT_EQ(v1("PROXY UNKNOWN"), "unknown");
    EXPECT_EQ(v1("PROXY UNKNOWN ffff::1 anything else"), "unknown");
}

TEST(ProxyHeader, AnInvalidLineIsRefused) {
    for (const char* line :
         {"PROXY ", "PROXY TCP4", "PROXY TCP4 192.0.2.1", "PROXY TCP4 192.0.2.1 10.0.0.1 1",
          "PROXY TCP5 192.0.2.1 10.0.0.1 1 2", "PROXY TCP4 192.0.2.1 10.0.0.1 1 2 ",
          "PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3", "PROXY TCP4 192.0.2.1 10.0.0.1 1 65536",
          "PROXY TCP4  192.0.2.1 10.0.0.1 1 2", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2",
          "PROXY TCP6 192.0.2.1 10.0.0.1 1 2", "PROXY TCP4 192.0.2 10.0.0.1 1 2", "PROXY TCP4 192.0.2.1 10.0.0.1 -1 2",
          "PROXY UNKNOWNX", "PROXY tcp4 192.0.2.1 10.0.0.1 1 2", "PROXY  TCP4 192.0.2.1 10.0.0.1 1 2"})
        EXPECT_EQ(v1(line), "invalid") << line;
}

TEST(ProxyHeader, ALineHas107BytesAtMost) {
    const std::string longest = "PROXY UNKNOWN " + std::string(kMaxProxyHeaderV1 - 16, 'x');
    EXPECT_EQ(v1(longest), "unknown");
    EXPECT_EQ(v1(longest + 'x'), "invalid");
}

// --- version 2 ---

std::string v2_bytes(char command, char family, std::string_view rest) {
    std::string bytes("\r\n\r\n\0\r\nQUIT\n", 12);
    bytes += command;
    bytes += family;
    bytes += static_cast<char>(rest.size() >> 8);
    bytes += static_cast<char>(rest.size());
    return bytes.append(rest);
}

ProxyHeader v2(char command, char family, std::string_view rest) { return parse(v2_bytes(command, family, rest)); }

constexpr char kLocal = 0x20;
constexpr char kProxy = 0x21;
const std::string kTcp4("\xC0\x00\x02\x01\x0A\x00\x00\x01\x12\x67\x00\x50", 12);
const std::string kTcp6 = std::string("\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01", 16) + std::string(20, '\0');

std::string field(char type, std::string_view value) {
    return std::string{type, static_cast<char>(value.size() >> 8), static_cast<char>(value.size())}.append(value);
}

TEST(ProxyHeader, Version2NamesTheClient) {
    EXPECT_EQ(client(v2(kProxy, 0x11, kTcp4)), "192.0.2.1");
    EXPECT_EQ(client(v2(kProxy, 0x21, kTcp6)), "2001:db8::1");
    EXPECT_EQ(v2(kProxy, 0x11, kTcp4).bytes, 28u);
    EXPECT_FALSE(v2(kProxy, 0x11, kTcp4).is_secure);
}

TEST(ProxyHeader, Version2MayBeOfTheProxyItself) {
    EXPECT_EQ(client(v2(kLocal, 0x00, "")), "unknown");
    EXPECT_EQ(client(v2(kLocal, 0x11, kTcp4)), "unknown") << "the addresses do not count";
    EXPECT_EQ(client(v2(kLocal, 0x77, "anything")), "unknown");
    EXPECT_EQ(client(v2(kProxy, 0x00, "anything")), "unknown");
    EXPECT_EQ(client(v2(kProxy, 0x31, std::string(216, '/'))), "unknown") << "a Unix socket";
}

TEST(ProxyHeader, FieldsAreSkippedExceptTls) {
    EXPECT_EQ(client(v2(kProxy, 0x11, kTcp4 + field(1, "h2") + field(5, ""))), "192.0.2.1");
    const std::string tls = field(0x20, std::string("\x01\0\0\0\0", 5) + field(0x21, "TLSv1.3"));
    EXPECT_TRUE(v2(kProxy, 0x11, kTcp4 + field(4, "xxx") + tls).is_secure);
    EXPECT_FALSE(v2(kProxy, 0x11, kTcp4 + field(0x20, std::string("\x02\0\0\0\0", 5))).is_secure);
    EXPECT_FALSE(v2(kLocal, 0x11, kTcp4 + tls).is_secure);
}

TEST(ProxyHeader, AnInvalidVersion2IsRefused) {
    for (const char command : {'\x00', '\x11', '\x22', '\x2F', '\x31'})
        EXPECT_EQ(client(v2(command, 0x11, kTcp4)), "invalid");
    for (const char family : {'\x01', '\x12', '\x22', '\x32', '\x41'})
        EXPECT_EQ(client(v2(kProxy, family, std::string(300, '\0'))), "invalid");
    EXPECT_EQ(client(v2(kProxy, 0x11, kTcp4.substr(1))), "invalid");
    EXPECT_EQ(client(v2(kProxy, 0x21, kTcp6.substr(1))), "invalid");
    EXPECT_EQ(client(v2(kProxy, 0x31, std::string(215, '/'))), "invalid");
    for (const std::string& fields :
         {std::string("\x01", 1), std::string("\x01\x00", 2), std::string("\x01\x00\x01", 3), field(1, "h2") + "\x04",
          field(0x20, std::string("\x01\0\0\0", 4))})
        EXPECT_EQ(client(v2(kProxy, 0x11, kTcp4 + fields)), "invalid");
}

TEST(ProxyHeader, Version2HasALimit) {
    const auto padding = [](std::size_t size) { return field(4, std::string(size - 3, 'x')); };
    const std::size_t rest = kMaxProxyHeaderV2 - 16 - kTcp4.size();
    EXPECT_EQ(client(v2(kProxy, 0x11, kTcp4 + padding(rest))), "192.0.2.1");
    EXPECT_EQ(client(v2(kProxy, 0x11, kTcp4 + padding(rest + 1))), "invalid");
    EXPECT_EQ(client(v2(kLocal, 0x00, std::string(60'000, 'x'))), "invalid");
}

}  // namespace
}  // namespace globes::net
