#include "base/ip_address.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace globes {
namespace {

std::string parsed(const char* text) {
    const auto address = IpAddress::parse(text);
    return address ? address->text() : "none";
}

std::string range(const char* text) {
    const auto parsed = IpRange::parse(text);
    return parsed ? parsed->text() : "none";
}

bool contains(const char* range, const char* address) {
    return IpRange::parse(range)->contains(*IpAddress::parse(address));
}

TEST(IpAddress, ParsesBothVersions) {
    EXPECT_EQ(parsed("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(parsed("2001:DB8:0::1"), "2001:db8::1");
    EXPECT_EQ(parsed("::ffff:192.0.2.1"), "192.0.2.1");
    for (const char* text : {"", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "[::1]", "::1%lo",
                             "::1:::", "1.2.3.4:5", " 1.2.3.4", "localhost"})
        EXPECT_EQ(parsed(text), "none") << text;
    EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(IpAddress, HasOneValueForAnIpv4AddressInBothForms) {
    const IpAddress plain(std::array<std::uint8_t, 4>{192, 0, 2, 1});
    EXPECT_EQ(plain, IpAddress(std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1}));
    EXPECT_EQ(plain, *IpAddress::parse("192.0.2.1"));
    EXPECT_TRUE(plain.is_v4());
    EXPECT_FALSE(IpAddress().is_v4());
}

TEST(IpRange, ParsesAPrefixAndRefusesBitsBehindIt) {
    EXPECT_EQ(range("192.0.2.0/24"), "192.0.2.0/24");
    EXPECT_EQ(range("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(range("192.0.2.1/32"), "192.0.2.1");
    EXPECT_EQ(range("0.0.0.0/0"), "0.0.0.0/0");
    EXPECT_EQ(range("2001:db8::/32"), "2001:db8::/32");
    EXPECT_EQ(range("::/0"), "::/0");
    for (const char* text : {"192.0.2.1/24", "192.0.2.0/33", "2001:db8::1/64", "::/129", "1.2.3.4/", "1.2.3.4/-1",
                             "1.2.3.4/+1", "1.2.3.4/ 8", "1.2.3.4/8x", "/8", "*"})
        EXPECT_EQ(range(text), "none") << text;
}

TEST(IpRange, ContainsTheAddressesWithItsPrefix) {
    EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.200"));
    EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.100"));
    EXPECT_TRUE(contains("2001:db8:0:10::/60", "2001:db8:0:1f::1"));
    EXPECT_FALSE(contains("2001:db8:0:10::/60", "2001:db8:0:20::1"));
    EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
    EXPECT_FALSE(contains("::/0", "203.0.113.9")) << "a rule for IPv6 says nothing about IPv4";
    EXPECT_TRUE(contains("192.0.2.1", "::ffff:192.0.2.1"));
}

TEST(IpRange, OfAnAddressIsItsNetwork) {
    EXPECT_EQ(IpRange(*IpAddress::parse("2001:db8:1:2:3:4:5:6"), 64).text(), "2001:db8:1:2::/64");
    EXPECT_EQ(IpRange(*IpAddress::parse("192.0.2.77"), 24).text(), "192.0.2.0/24");
}

TEST(IpAddress, KnowsLoopback) {
    for (const char* text : {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"})
        EXPECT_TRUE(IpAddress::parse(text)->is_loopback()) << text;
    for (const char* text : {"126.0.0.1", "128.0.0.1", "::", "::2", "::127.0.0.1", "fe80::1"})
        EXPECT_FALSE(IpAddress::parse(text)->is_loopback()) << text;
}

TEST(IpRange, AnyOfAListMayContainAnAddress) {
    const std::vector<IpRange> ranges{*IpRange::parse("10.0.0.0/8"), *IpRange::parse("::1")};
    EXPECT_TRUE(contains(ranges, *IpAddress::parse("10.1.2.3")));
    EXPECT_TRUE(contains(ranges, *IpAddress::parse("::1")));
    EXPECT_FALSE(contains(ranges, *IpAddress::parse("11.1.2.3")));
    EXPECT_FALSE(contains({}, *IpAddress::parse("::1")));
}

}  // namespace
}  // namespace globes
