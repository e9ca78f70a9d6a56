#include "net/ws_handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace globes::net {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Headers = std::vector<std::pair<std::string, std::string>>;

// The example of RFC 6455, 1.3, as a browser sends it.
HttpRequest good_request() {
    HttpRequest request;
    request.method = "GET";
    request.target = "/chats/1/ws";
    request.headers = {{"host", "globes.example"},
                       {"connection", "keep-alive, Upgrade"},
                       {"upgrade", "websocket"},
                       {"sec-websocket-version", "13"},
                       {"sec-websocket-extensions", "permessage-deflate; client_max_window_bits"},
                       {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    return request;
}

// The good request with one header removed (no values), replaced or repeated.
HttpRequest request_with(std::string_view name, const std::vector<std::string>& values) {
    HttpRequest request = good_request();
    std::erase_if(request.headers, [&](const auto& header) { return header.first == name; });
    for (const std::string& value : values) request.headers.emplace_back(name, value);
    return request;
}

int status_of(const HttpRequest& request) {
    const auto checked = check_handshake(request);
    return checked ? 101 : checked.error().status;
}

TEST(WsHandshake, AcceptsABrowsersRequest) { EXPECT_EQ(status_of(good_request()), 101); }

TEST(WsHandshake, TokensMatchInAnyCaseAndAmongOthers) {
    EXPECT_EQ(status_of(request_with("upgrade", {"WebSocket"})), 101);
    EXPECT_EQ(status_of(request_with("upgrade", {"h2c, WEBSOCKET"})), 101);
    EXPECT_EQ(status_of(request_with("upgrade", {"h2c", "websocket"})), 101);
    EXPECT_EQ(status_of(request_with("connection", {"UPGRADE"})), 101);
    EXPECT_EQ(status_of(request_with("connection", {"keep-alive", "upgrade"})), 101);
}

TEST(WsHandshake, AMissingUpgradeIs426) {
    EXPECT_EQ(status_of(request_with("upgrade", {})), 426);
    EXPECT_EQ(status_of(request_with("upgrade", {"h2c"})), 426);
    EXPECT_EQ(status_of(request_with("upgrade", {"websocket2"})), 426);
    EXPECT_EQ(status_of(request_with("connection", {})), 426);
    EXPECT_EQ(status_of(request_with("connection", {"keep-alive"})), 426);
    EXPECT_EQ(status_of(request_with("connection", {"upgraded"})), 426);
}

TEST(WsHandshake, AnotherVersionIs426) {
    for (const std::string version : {"8", "0", "14", "013", "13.0", "13, 8", "x"})
        EXPECT_EQ(status_of(request_with("sec-websocket-version", {version})), 426) << version;
    EXPECT_EQ(status_of(request_with("sec-websocket-version", {})), 426);
    EXPECT_EQ(status_of(request_with("sec-websocket-version", {"13", "8"})), 426);
}

TEST(WsHandshake, A426HasTheSupportedVersion) {
    const HandshakeRefusal expected{
        426, {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}}};
    EXPECT_EQ(check_handshake(request_with("upgrade", {})), std::unexpected(expected));
    EXPECT_EQ(check_handshake(request_with("sec-websocket-version", {"8"})), std::unexpected(expected));
}

TEST(WsHandshake, ABadKeyIs400) {
    const std::string bad_keys[] = {
        "",
        "dGhlIHNhbXBsZSBub25jZQ",      // no padding
        "dGhlIHNhbXBsZSBub25jZQ=",     // half of it
        "dGhlIHNhbXBsZSBub25j",        // 15 bytes
        "dGhlIHNhbXBsZSBub25jZWQ=",    // 17 bytes
        "dGhlIHNhbXBsZSBub25jZQ== x",  // something after it
        "dGhlIHNhbXBsZSBub25j-_==",    // base64url
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    };
    for (const std::string& key : bad_keys) {
        EXPECT_EQ(check_handshake(request_with("sec-websocket-key", {key})), std::unexpected(HandshakeRefusal{400, {}}))
            << key;
    }
}

TEST(WsHandshake, AMissingOrRepeatedKeyIs400) {
    const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
    EXPECT_EQ(status_of(request_with("sec-websocket-key", {})), 400);
    EXPECT_EQ(status_of(request_with("sec-websocket-key", {key, key})), 400);
}

TEST(WsHandshake, AnotherMethodIs400) {
    for (const std::string method : {"POST", "get"}) {
        HttpRequest request = good_request();
        request.method = method;
        EXPECT_EQ(status_of(request), 400) << method;
    }
}

TEST(WsHandshake, HeadIsToldToUpgradeAsGetIs) {
    HttpRequest request = good_request();
    request.method = "HEAD";
    EXPECT_EQ(status_of(request), 426);
}

TEST(WsHandshake, AnswersTheExampleOfTheRfc) {
    EXPECT_EQ(switching_protocols(good_request(), "chat"),
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Connection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
              "Sec-WebSocket-Protocol: chat\r\n"
              "\r\n");
}

TEST(WsHandshake, AnswersNeitherExtensionsNorAnEmptySubprotocol) {
    const std::string answer = switching_protocols(good_request(), "");
    EXPECT_THAT(answer, Not(HasSubstr("Sec-WebSocket-Extensions")));
    EXPECT_THAT(answer, Not(HasSubstr("Sec-WebSocket-Protocol")));
    EXPECT_THAT(answer, EndsWith("xOo=\r\n\r\n"));
}

TEST(WsHandshake, ASubprotocolCannotAddAHeader) {
    for (const std::string_view bad : {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "a b", "a,b", "a:b"})
        EXPECT_EQ(switching_protocols(good_request(), bad), switching_protocols(good_request(), "")) << bad;
}

TEST(WsHandshake, ATokenIsASubprotocol) {
    const std::string_view token = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VybmFtZSI6ImEifQ.b6Xn_qrF-FmuU";
    EXPECT_THAT(switching_protocols(good_request(), token),
                HasSubstr("\r\nSec-WebSocket-Protocol: " + std::string(token) + "\r\n"));
}

TEST(WsHandshake, ReadsSubprotocolsOfSeveralLinesInOrder) {
    EXPECT_THAT(offered_subprotocols(request_with("sec-websocket-protocol", {"globes.v1, a.b.c", "other"})),
                ElementsAre("globes.v1", "a.b.c", "other"));
    EXPECT_THAT(offered_subprotocols(good_request()), IsEmpty());
}

}  // namespace
}  // namespace globes::net
