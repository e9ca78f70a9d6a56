#include "net/forwarded.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace globes::net {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const std::vector<IpRange> kTrusted{*IpRange::parse("10.0.0.0/8"), *IpRange::parse("2001:db8:1::/48")};

ForwardedClient read(Headers headers) {
    HttpRequest request;
    request.headers = std::move(headers);
    return forwarded_client(request, *IpAddress::parse("10.0.0.1"), kTrusted);
}

/// The address that these headers state; "none" if they do not state any.
std::string client(Headers headers) {
    const auto address = read(std::move(headers)).address;
    return address ? address->text() : "none";
}

std::string by_x(std::string list) { return client({{"x-forwarded-for", std::move(list)}}); }
std::string by_f(std::string list) { return client({{"forwarded", std::move(list)}}); }

/// `true`, `false` or `none`.
std::string is_secure(Headers headers) {
    const auto secure = read(std::move(headers)).is_secure;
    return secure ? (*secure ? "true" : "false") : "none";
}

TEST(Forwarded, WithoutHeadersNothingIsStated) {
    EXPECT_EQ(client({}), "none");
    EXPECT_EQ(client({{"x-real-ip", "192.0.2.1"}, {"x-forwarded-proto", "https"}}), "none");
}

TEST(XForwardedFor, TheLastAddressThatIsNotTrustedIsTheClient) {
    EXPECT_EQ(by_x("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(by_x("198.51.100.7, 192.0.2.1"), "192.0.2.1") << "the client wrote the first one";
    EXPECT_EQ(by_x("127.0.0.1, 192.0.2.1, 10.1.2.3,10.0.0.2"), "192.0.2.1");
    EXPECT_EQ(by_x("192.0.2.1,, ,"), "192.0.2.1") << "empty elements of a list do not count";
    EXPECT_EQ(by_x("2001:DB8::1, 2001:db8:1::5"), "2001:db8::1");
    EXPECT_EQ(by_x("::ffff:192.0.2.1"), "192.0.2.1");
}

TEST(XForwardedFor, IfAllAreTrustedTheFirstIsTheClient) {
    EXPECT_EQ(by_x("10.9.9.9, 10.0.0.2"), "10.9.9.9");
    EXPECT_EQ(by_x("10.9.9.9"), "10.9.9.9");
}

TEST(XForwardedFor, ALineThatWasAddedIsTheEndOfTheList) {
    EXPECT_EQ(client({{"x-forwarded-for", "198.51.100.7"}, {"x-forwarded-for", "192.0.2.1"}}), "192.0.2.1");
    EXPECT_EQ(client({{"x-forwarded-for", "192.0.2.1"}, {"host", "x"}, {"x-forwarded-for", "10.0.0.2"}}), "192.0.2.1");
}

TEST(XForwardedFor, AnInvalidElementEndsTheList) {
    EXPECT_EQ(by_x("192.0.2.1, unknown, 10.0.0.2"), "10.0.0.2");
    EXPECT_EQ(by_x("192.0.2.1, nonsense"), "10.0.0.1") << "the proxy itself";
    EXPECT_EQ(by_x(""), "10.0.0.1");
    for (const char* text : {"192.0.2.1:", "192.0.2.1:8 0", "192.0.2", "[2001:db8::1", "[2001:db8::1]x", "[192.0.2.1]",
                             "2001:db8::1%eth0", "\"192.0.2.1\"", "192.0.2.1;", "[]", "[", ":80", "192.0.2.1:/"})
        EXPECT_EQ(by_x(text), "10.0.0.1") << text;
}

TEST(XForwardedFor, AnAddressMayHaveAPort) {
    EXPECT_EQ(by_x("192.0.2.1:4711"), "192.0.2.1");
    EXPECT_EQ(by_x("[2001:db8::1]:4711"), "2001:db8::1");
    EXPECT_EQ(by_x("[2001:db8::1]"), "2001:db8::1");
}

TEST(XForwardedFor, AListIsReadUpToTheLimitOfHops) {
    std::string list = "192.0.2.1";
    for (std::size_t hop = 1; hop < kMaxForwardedHops; ++hop) list += ", 10.0.0." + std::to_string(hop);
    EXPECT_EQ(by_x(list), "192.0.2.1");
    EXPECT_EQ(by_x(list + ", 10.0.0.99"), "10.0.0.1") << "the first one that was not read further";
}

TEST(XForwardedProto, IsThatOfTheClientsHop) {
    const auto secure = [](std::string addresses, std::string schemes) {
        return is_secure({{"x-forwarded-for", std::move(addresses)}, {"x-forwarded-proto", std::move(schemes)}});
    };
    EXPECT_EQ(secure("192.0.2.1", "https"), "true");
    EXPECT_EQ(secure("192.0.2.1", "HTTPS"), "true");
    EXPECT_EQ(secure("192.0.2.1", "wss"), "true");
    EXPECT_EQ(secure("192.0.2.1", "http"), "false");
    EXPECT_EQ(secure("192.0.2.1", "x"), "false");
    EXPECT_EQ(secure("192.0.2.1, 10.0.0.2", "https"), "true") << "one for all";
    EXPECT_EQ(secure("192.0.2.1, 10.0.0.2", "https, http"), "true");
    EXPECT_EQ(secure("198.51.100.7, 192.0.2.1", "https, http"), "false") << "the client wrote the first ones";
    EXPECT_EQ(secure("192.0.2.1", "https, http"), "false") << "the client wrote one more";
    EXPECT_EQ(secure("nonsense", "https"), "true");
    EXPECT_EQ(is_secure({{"x-forwarded-proto", "https"}}), "true");
    EXPECT_EQ(is_secure({{"x-forwarded-proto", "https"}, {"x-forwarded-proto", "http"}}), "false");
    EXPECT_EQ(is_secure({{"x-forwarded-for", "192.0.2.1"}}), "none");
    EXPECT_EQ(is_secure({{"x-forwarded-for", ""}, {"x-forwarded-proto", "https"}}), "true");
}

TEST(ForwardedHeader, IsReadLikeXForwardedFor) {
    EXPECT_EQ(by_f("for=192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(by_f("for=198.51.100.7, for=192.0.2.1;proto=https;by=10.0.0.1"), "192.0.2.1");
    EXPECT_EQ(by_f("For=\"[2001:DB8::1]:4711\", FOR=\"10.0.0.2:_port\""), "2001:db8::1");
    EXPECT_EQ(by_f("for=\"192.0.2.1:80\""), "192.0.2.1");
    EXPECT_EQ(by_f("for=\"192.0.\\2.1\""), "192.0.2.1");
    EXPECT_EQ(by_f("by=10.0.0.1 ; ;for=192.0.2.1;"), "192.0.2.1");
    EXPECT_EQ(by_f("for=10.9.9.9"), "10.9.9.9");
    EXPECT_EQ(client({{"forwarded", "for=198.51.100.7"}, {"forwarded", "for=192.0.2.1"}}), "192.0.2.1");
}

TEST(ForwardedHeader, AProxyMayHideTheAddress) {
    EXPECT_EQ(by_f("for=192.0.2.1, for=unknown, for=10.0.0.2"), "10.0.0.2");
    EXPECT_EQ(by_f("for=_hidden"), "10.0.0.1");
    EXPECT_EQ(by_f("for=\"_hidden:_1\""), "10.0.0.1");
    EXPECT_EQ(by_f("for=192.0.2.1, proto=https"), "10.0.0.1");
    EXPECT_EQ(is_secure({{"forwarded", "for=unknown;proto=https"}}), "true") << "the proxy states it nevertheless";
}

TEST(ForwardedHeader, AnInvalidElementEndsTheList) {
    for (const char* text : {"for", "for=", "=192.0.2.1", "for=192.0.2.1:80", "for=[2001:db8::1]", "for=\"192.0.2.1",
                             "for=192.0.2.1\"", "for=192.0.2.1 proto=https", "for=192.0.2.1;for=192.0.2.2", "for=\"_\"",
                             "for=nonsense", "for=\"\"", "for=192.0.2.1;proto=https;proto=http", "for =192.0.2.1",
                             "for= 192.0.2.1", "for=\"192.0.2.1\"x", "\"", "\\"}) {
        EXPECT_EQ(by_f(text), "10.0.0.1") << text;
        EXPECT_EQ(by_f(std::string(text) + ", for=10.0.0.2"), "10.0.0.2") << text;
        EXPECT_EQ(is_secure({{"forwarded", text}}), "none") << text;
    }
}

TEST(ForwardedHeader, AnOpenQuoteOfTheClientDoesNotHideTheElementOfTheProxy) {
    for (const char* text : {"for=\"", "for=\"\\", "\"", "x=\"a,b", "for=\\\"", "for=192.0.2.9;x=\"\\\\"}) {
        EXPECT_EQ(by_f(std::string(text) + ", for=192.0.2.1"), "192.0.2.1") << text;
        EXPECT_EQ(by_f(std::string(text) + ", for=\"[2001:db8::1]\";proto=http"), "2001:db8::1") << text;
    }
    // A proxy that repeats the Host of the client.
    EXPECT_EQ(by_f("for=192.0.2.1;host=\"a\\\",for=192.0.2.9;x=\\\"b\""), "192.0.2.1");
    EXPECT_EQ(by_f("for=192.0.2.1;host=\"a,for=192.0.2.9\""), "192.0.2.1");
}

TEST(ForwardedHeader, HasTheSchemeOfTheClientsHop) {
    EXPECT_EQ(is_secure({{"forwarded", "for=192.0.2.1;proto=https, for=10.0.0.2;proto=http"}}), "true");
    EXPECT_EQ(is_secure({{"forwarded", "for=192.0.2.1;proto=http, for=10.0.0.2;proto=https"}}), "false");
    EXPECT_EQ(is_secure({{"forwarded", "for=192.0.2.9;proto=https, for=192.0.2.1"}}), "none");
    EXPECT_EQ(is_secure({{"forwarded", "for=192.0.2.1"}, {"x-forwarded-proto", "https"}}), "true");
}

TEST(ForwardedHeader, DoesNotCountBesideXForwardedFor) {
    EXPECT_EQ(client({{"forwarded", "for=192.0.2.9"}, {"x-forwarded-for", "192.0.2.1"}}), "192.0.2.1");
    EXPECT_EQ(client({{"forwarded", "for=192.0.2.9"}, {"x-forwarded-for", ""}}), "10.0.0.1");
    EXPECT_EQ(is_secure({{"forwarded", "for=192.0.2.1;proto=https"}, {"x-forwarded-for", "192.0.2.1"}}), "none");
}

TEST(ForwardedHeader, AListIsReadUpToTheLimitOfHops) {
    std::string list = "for=192.0.2.1";
    for (std::size_t hop = 1; hop < kMaxForwardedHops; ++hop) list += ",for=10.0.0." + std::to_string(hop);
    EXPECT_EQ(by_f(list), "192.0.2.1");
    EXPECT_EQ(by_f(list + ",for=10.0.0.99"), "10.0.0.1");
}

}  // namespace
}  // namespace globes::net
