#include "base/host.h"

#include <gtest/gtest.h>

#include <string>

namespace globes {
namespace {

/// `name` or `name:port`; empty if `text` is not a host.
std::string host(std::string_view text) {
    const auto parsed = parse_host(text);
    if (!parsed) return "";
    return parsed->name + (parsed->port ? ':' + std::to_string(*parsed->port) : "");
}

TEST(Host, IsComparedInLowerCaseWithoutTheFinalDot) {
    EXPECT_EQ(host("Chat.Example.ORG"), "chat.example.org");
    EXPECT_EQ(host("chat.example.org.:8080"), "chat.example.org:8080");
    EXPECT_EQ(host("localhost."), "localhost");
    EXPECT_EQ(host("127.0.0.1:5000"), "127.0.0.1:5000");
    EXPECT_EQ(host("my_host-1:0080"), "my_host-1:80");
}

TEST(Host, AnIpv6AddressIsComparedInOneNotation) {
    for (const char* text : {"[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000::0001]", "[::0:1]", "[0::1]", "[::0.0.0.1]"})
        EXPECT_EQ(host(text), "[::1]") << text;
    EXPECT_EQ(host("[::]:1"), "[::]:1");
    EXPECT_EQ(host("[::FFFF:127.0.0.1]"), "[::ffff:7f00:1]");
    EXPECT_EQ(host("[::ffff:7f00:1]"), "[::ffff:7f00:1]");
    EXPECT_EQ(host("[2001:DB8:0:0:1:0:0:1]:443"), "[2001:db8::1:0:0:1]:443");
    EXPECT_EQ(host("[2001:db8:0:1:1:1:1:1]"), "[2001:db8:0:1:1:1:1:1]") << "one group is not shortened";
    EXPECT_EQ(host("[1:2:3:4:5:6:7::]"), "[1:2:3:4:5:6:7:0]");
    EXPECT_EQ(host("[1:0:0:2::]"), "[1:0:0:2::]");
}

TEST(Host, AnInternationalizedNameIsComparedInItsAsciiForm) {
    EXPECT_EQ(host("b\u00fccher.example:80"), "xn--bcher-kva.example:80");
    EXPECT_EQ(host("B\u00dcCHER.example"), "xn--bcher-kva.example");
    EXPECT_EQ(host("xn--bcher-kva.Example"), "xn--bcher-kva.example");
    EXPECT_EQ(host("fa\u00df.example"), "xn--fa-hia.example") << "as browsers do, not fass.example";
    EXPECT_EQ(host("\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54"), "localhost");
    EXPECT_EQ(host("a\u3002example"), "a.example");
}

TEST(Host, OtherTextsAreRefused) {
    for (const char* text : {"",
                             ":80",
                             "*",
                             "*.example.org",
                             "a b",
                             " a",
                             "a ",
                             "a\t",
                             "a,b",
                             "user@a",
                             "a/",
                             "a?b",
                             "a#b",
                             "http://a",
                             "a:",
                             "a:0",
                             "a:65536",
                             "a:-1",
                             "a:8a",
                             "a:80:80",
                             "b%C3%BCcher",
                             "%6c",
                             "..",
                             ".a",
                             "a..b",
                             "a..",
                             "::1",
                             "[::1",
                             "::1]",
                             "[]",
                             "[:]",
                             "[1]",
                             "[::1]x",
                             "[::1]:",
                             "[:::]",
                             "[1::2::3]",
                             "[1:2:3:4:5:6:7]",
                             "[1:2:3:4:5:6:7:8:9]",
                             "[1:2:3:4:5:6:7:8::]",
                             "[12345::]",
                             "[g::]",
                             "[::1%eth0]",
                             "[::1%25eth0]",
                             "[fe80::1%1]",
                             "[::1.2.3]",
                             "[::1.2.3.256]",
                             "[::1.2.3.4.5]",
                             "[::1.2.3.]",
                             "[1.2.3.4::]",
                             "[::1.2.3.4:1]",
                             "[1:]",
                             "[:1]",
                             "\xff",
                             "\u00fc\xff",
                             "\u2028"})
        EXPECT_EQ(host(text), "") << text;
    EXPECT_EQ(host(std::string_view("a\0b", 3)), "");
}

TEST(Host, ANameHasAtMost253Bytes) {
    const std::string longest(253, 'a');
    EXPECT_EQ(host(longest), longest);
    EXPECT_EQ(host(longest + '.'), longest);
    EXPECT_EQ(host(longest + 'a'), "");
    EXPECT_EQ(host(std::string(1'000'000, 'a')), "");
    std::string many;
    for (int i = 0; i < 100'000; ++i) many += "\u00fc";
    EXPECT_EQ(host(many), "");
}

TEST(OriginText, IsComparedAsBrowsersSendIt) {
    EXPECT_EQ(parse_origin("https://example.org"), "https://example.org");
    EXPECT_EQ(parse_origin("HTTP://Example.ORG:8080"), "http://example.org:8080");
    EXPECT_EQ(parse_origin("http://a:80"), "http://a");
    EXPECT_EQ(parse_origin("https://a:443"), "https://a");
    EXPECT_EQ(parse_origin("https://a:80"), "https://a:80");
    EXPECT_EQ(parse_origin("http://[::1]:3000"), "http://[::1]:3000");
    EXPECT_EQ(parse_origin("http://[0:0::1]"), "http://[::1]");
    EXPECT_EQ(parse_origin("https://b\u00fccher.example"), "https://xn--bcher-kva.example");
    EXPECT_EQ(parse_origin("https://example.org."), "https://example.org.");
    EXPECT_EQ(parse_origin("capacitor://localhost"), "capacitor://localhost");
    EXPECT_EQ(parse_origin("app://."), "app://.");
}

TEST(OriginText, RefusesOtherTexts) {
    for (const auto* text : {"", "*", "null", "example.org", "https://", "://a", "https://a/", "https://a/b",
                             "https://a?b", "https://u@a", "https://a:", "https://a:0", "https://a:65536",
                             "https://*.a", "https://a b", "1http://a", "https://[a", "https:/a", "https://[::1]x"}) {
        EXPECT_EQ(parse_origin(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace globes
