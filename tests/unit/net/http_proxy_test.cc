// Connections of trusted proxies: a PROXY header before the first request, and forwarded headers in each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "net/http_hub.h"
#include "unit/net/http_harness.h"

namespace globes::net {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class HttpProxyTest : public HttpHubTest {
protected:
    HttpProxyTest() {
        settings_.refusal = [](const HttpRequest&, int status, std::string_view) {
            return HttpResponse{.status = status};
        };
        settings_.on_finished = [this](const HttpRequest& request, int status, std::size_t, std::chrono::microseconds,
                                       std::string_view) {
            log_.push_back(request.client.text() + ' ' + std::to_string(status) + (request.is_secure ? " https" : ""));
        };
        settings_.trusted_proxies = {*IpRange::parse("10.0.0.0/8"), *IpRange::parse("127.0.0.1")};
        handler_ = [this](const auto& exchange) {
            if (answers_) return exchange->respond({.body = "here"});
            waiting_.push_back(exchange);
        };
        limit_settings_.exempt = {*IpRange::parse("127.0.0.0/8"), *IpRange::parse("198.51.100.0/24")};
    }
    ~HttpProxyTest() override {
        waiting_.clear();  // before the members of this class, which hear of their answers
        for (const int socket : sockets_) ::close(socket);
    }

    /// Opens a connection of the proxy, and returns the proxy's end.
    int open(const char* proxy = "10.0.0.1") {
        const auto [server, client] = nonblocking_tcp_pair();
        const int on = 1;  // otherwise the kernel keeps small parts back until the earlier ones are acknowledged
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockets_.push_back(client);
        const IpAddress peer = *IpAddress::parse(proxy);
        HttpHub& to = hub();
        to.adopt_proxy(FileDescriptor(server), peer, limits_->find(peer, {}));
        run();
        return client;
    }
    /// Returns whether the loop has nothing to do: it must not spin while bytes wait that it does not take.
    bool is_quiet() {
        for (int round = 0; round < 10; ++round) {
            context_.restart();
            if (context_.poll() == 0) return true;
        }
        return false;
    }
    /// Returns when the kernel has delivered the bytes, which may take a moment on a busy machine, and they are
    /// handled.
    void send(int socket, std::string_view bytes) {
        ASSERT_EQ(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        for (int waiting = 1; waiting > 0;) {
            run();
            ASSERT_EQ(::ioctl(socket, SIOCOUTQ, &waiting), 0);
            ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        }
        run();
    }
    std::string receive(int socket) { return receive_from(socket); }
    std::string exchange(int socket, std::string_view bytes) {
        send(socket, bytes);
        return receive(socket);
    }
    /// The entry of the log for a request with these headers.
    std::string logged(int socket, const std::string& headers) {
        log_.clear();
        exchange(socket, request(headers));
        return log_.empty() ? "" : log_.front();
    }
    static std::string request(const std::string& headers) {
        return "GET / HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
    }

    bool answers_ = true;
    std::vector<std::string> log_;
    std::vector<int> sockets_;
};

const std::string kProxyV1 = "PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\r\n";

/// Version 2 of TCP4 from 192.0.2.1, or of TLS.
std::string proxy_v2(bool is_secure = false) {
    std::string rest("\xC0\x00\x02\x01\x0A\x00\x00\x01\x12\x67\x00\x50", 12);
    if (is_secure) rest.append("\x20\0\x05\x01\0\0\0\0", 8);
    return std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0", 15) + static_cast<char>(rest.size()) + rest;
}

TEST_F(HttpProxyTest, EachRequestHasItsOwnClient) {
    const int proxy = open();
    EXPECT_EQ(logged(proxy, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"), "192.0.2.1 200 https");
    EXPECT_EQ(logged(proxy, "X-Forwarded-For: 192.0.2.2\r\nX-Forwarded-Proto: http\r\n"), "192.0.2.2 200");
    EXPECT_EQ(logged(proxy, "Forwarded: for=192.0.2.3;proto=https\r\n"), "192.0.2.3 200 https");
    EXPECT_EQ(logged(proxy, ""), "10.0.0.1 200");
}

TEST_F(HttpProxyTest, ARefusedRequestHasItsClientToo) {
    exchange(open(), "POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 9999999\r\n\r\n");
    EXPECT_THAT(log_, testing::ElementsAre("192.0.2.1 413"));
}

TEST_F(HttpProxyTest, TheConnectionsOfTheProxyAreNotLimited) {
    limit_settings_.open_connections = 1;
    limit_settings_.rate(AddressLimit::connections) = {1, std::chrono::seconds(60)};
    for (int i = 0; i < 5; ++i) EXPECT_THAT(exchange(open(), request("")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpProxyTest, ARequestCountsAsAConnectionOfItsClientUntilItIsAnswered) {
    limit_settings_.open_connections = 1;
    answers_ = false;
    const int first = open();
    send(first, request("X-Forwarded-For: 192.0.2.1\r\n"));
    ASSERT_EQ(waiting_.size(), 1u);
    const int second = open();
    EXPECT_THAT(exchange(second, request("X-Forwarded-For: 192.0.2.1\r\n")), StartsWith("HTTP/1.1 503 "));
    EXPECT_FALSE(ended_) << "it is the proxy's connection";
    send(second, request("X-Forwarded-For: 192.0.2.2\r\n"));
    EXPECT_EQ(waiting_.size(), 2u) << "another client of the proxy";
    waiting_.front()->respond({});
    run();
    send(open(), request("X-Forwarded-For: 192.0.2.1\r\n"));
    EXPECT_EQ(waiting_.size(), 3u);
}

TEST_F(HttpProxyTest, AHalfOfABodyCountsToo) {
    limit_settings_.open_connections = 1;
    const std::string half = "POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 4\r\n\r\nbo";
    const int first = open();
    send(first, half);
    EXPECT_THAT(exchange(open(), half), StartsWith("HTTP/1.1 503 "));
    EXPECT_TRUE(ended_) << "the rest of the body cannot be skipped";
    EXPECT_THAT(exchange(first, "dy"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(exchange(open(), half + "dy"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpProxyTest, AnUpgradeCountsAsAConnectionOfItsClient) {
    limit_settings_.open_connections = 1;
    answers_ = false;
    send(open(), request("X-Forwarded-For: 192.0.2.1\r\n"));
    auto upgraded = waiting_.front()->take_over();
    ASSERT_TRUE(upgraded);
    EXPECT_THAT(exchange(open(), request("X-Forwarded-For: 192.0.2.1\r\n")), StartsWith("HTTP/1.1 503 "));
    upgraded.reset();
    send(open(), request("X-Forwarded-For: 192.0.2.1\r\n"));
    EXPECT_EQ(waiting_.size(), 2u);
}

TEST_F(HttpProxyTest, AStatedLoopbackAddressIsNotExempt) {
    limit_settings_.open_connections = 1;
    answers_ = false;
    for (const char* stated :
         {"X-Forwarded-For: 127.0.0.7\r\n", "X-Forwarded-For: ::1\r\n", "X-Forwarded-For: x\r\n"}) {
        send(open("127.0.0.1"), request(stated));
        EXPECT_THAT(exchange(open("127.0.0.1"), request(stated)), StartsWith("HTTP/1.1 503 ")) << stated;
    }
    for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(exchange(open("127.0.0.1"), request("X-Forwarded-For: 198.51.100.7\r\n")), IsEmpty());
        EXPECT_THAT(exchange(open("127.0.0.1"), request("")), IsEmpty()) << "the proxy itself";
    }
    EXPECT_EQ(waiting_.size(), 9u);
}

// --- the PROXY protocol ---

TEST_F(HttpProxyTest, APROXYHeaderNamesTheClientOfTheConnection) {
    for (const std::string& header : {kProxyV1, proxy_v2()}) {
        const int proxy = open();
        send(proxy, header);
        EXPECT_EQ(logged(proxy, ""), "192.0.2.1 200");
        EXPECT_EQ(logged(proxy, "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: https\r\n"), "192.0.2.1 200")
            << "the client is not trusted";
    }
    const int proxy = open();
    send(proxy, proxy_v2(true));
    EXPECT_EQ(logged(proxy, ""), "192.0.2.1 200 https");
}

TEST_F(HttpProxyTest, TheHeaderMayArriveInAnyParts) {
    for (const std::string& header : {kProxyV1, proxy_v2(true)}) {
        const std::string bytes = header + request("");
        for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
            log_.clear();
            const int proxy = open();
            send(proxy, std::string_view(bytes).substr(0, cut));
            EXPECT_TRUE(is_quiet()) << cut;
            EXPECT_THAT(exchange(proxy, std::string_view(bytes).substr(cut)), StartsWith("HTTP/1.1 200 ")) << cut;
            EXPECT_THAT(log_, testing::ElementsAre(StartsWith("192.0.2.1 200"))) << cut;
        }
    }
    const int proxy = open();
    for (const char c : proxy_v2() + request("")) send(proxy, {&c, 1});
    EXPECT_THAT(receive(proxy), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpProxyTest, ARequestThatBeginsLikeAHeaderIsARequest) {
    for (const std::string& bytes : {std::string("PUT / HTTP/1.1\r\nHost: x\r\n\r\n"), "\r\n" + request("")}) {
        for (std::size_t cut = 1; cut < 8; ++cut) {
            const int proxy = open();
            send(proxy, std::string_view(bytes).substr(0, cut));
            EXPECT_TRUE(is_quiet());
            EXPECT_THAT(exchange(proxy, std::string_view(bytes).substr(cut)), StartsWith("HTTP/1.1 200 ")) << cut;
        }
    }
}

TEST_F(HttpProxyTest, ATrustedAddressInTheHeaderIsAnotherProxy) {
    const int proxy = open();
    send(proxy, "PROXY TCP4 10.0.0.9 10.0.0.1 1 2\r\n");
    EXPECT_EQ(logged(proxy, "X-Forwarded-For: 192.0.2.9\r\n"), "192.0.2.9 200");
    EXPECT_EQ(logged(proxy, ""), "10.0.0.9 200");
}

TEST_F(HttpProxyTest, TheProxyMaySpeakForItself) {
    limit_settings_.open_connections = 1;
    const std::string local("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
    for (const std::string& header : {local, std::string("PROXY UNKNOWN\r\n"), local}) {
        const int proxy = open();
        send(proxy, header);
        EXPECT_EQ(logged(proxy, "X-Forwarded-For: 192.0.2.9\r\n"), "10.0.0.1 200") << "nobody is trusted to state that";
    }
}

TEST_F(HttpProxyTest, TheConnectionsOfAClientInAHeaderAreLimited) {
    limit_settings_.open_connections = 1;
    const int first = open();
    send(first, kProxyV1);
    const int second = open();
    EXPECT_THAT(exchange(second, kProxyV1), StartsWith("HTTP/1.1 503 "));
    EXPECT_TRUE(ended_);
    EXPECT_THAT(exchange(open(), "PROXY TCP4 192.0.2.2 10.0.0.1 1 2\r\n" + request("")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpProxyTest, TheNewConnectionsOfAClientInAHeaderAreLimited) {
    limit_settings_.rate(AddressLimit::connections) = {1, std::chrono::seconds(60)};
    exchange(open(), kProxyV1);
    EXPECT_FALSE(ended_);
    EXPECT_EQ(exchange(open(), kProxyV1), "");
    EXPECT_TRUE(ended_);
}

TEST_F(HttpProxyTest, AnInvalidHeaderClosesTheConnection) {
    for (const std::string& header :
         {std::string("PROXY nonsense\r\n"), proxy_v2().replace(12, 1, "\x31"), "PROXY " + std::string(200, 'x')}) {
        EXPECT_EQ(exchange(open(), header + request("")), "");
        EXPECT_TRUE(ended_);
    }
    EXPECT_EQ(hub_->size(), 0u);
    EXPECT_THAT(log_, IsEmpty());
}

TEST_F(HttpProxyTest, AHeaderThatTakesTooLongClosesTheConnection) {
    const int proxy = open();
    pass(settings_.read_timeout * 2);
    for (Tick i = 0; i < settings_.read_timeout; ++i) {
        send(proxy, i == 0 ? "PROXY" : i == 1 ? " " : "x");
        pass(1);
    }
    EXPECT_EQ(hub_->size(), 1u);
    pass(1);
    EXPECT_EQ(hub_->size(), 0u);
    EXPECT_EQ(receive(proxy), "");
    EXPECT_TRUE(ended_);
}

TEST_F(HttpProxyTest, AConnectionWithoutAByteIsIdle) {
    open();
    pass(settings_.idle_timeout);
    EXPECT_EQ(hub_->size(), 1u);
    pass(1);
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpProxyTest, AConnectionThatEndsWithinAHeaderIsClosed) {
    for (const char* begin : {"", "P", "PROXY TCP4 192", "\r\n\r\n"}) {
        const int proxy = open();
        send(proxy, begin);
        EXPECT_EQ(hub_->size(), 1u);
        ::shutdown(proxy, SHUT_WR);
        run();
        EXPECT_EQ(hub_->size(), 0u) << begin;
    }
}

TEST_F(HttpProxyTest, AStopEndsTheWaitForAHeader) {
    const int proxy = open();
    send(proxy, "PROXY ");
    hub_->stop();
    EXPECT_EQ(hub_->size(), 0u);
    receive(proxy);
    EXPECT_TRUE(ended_);
    open();
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpProxyTest, TheHubMayEndBeforeAHeaderArrives) {
    const int proxy = open();
    send(proxy, "PROXY ");
    hub_.reset();
    run();
    receive(proxy);
    EXPECT_TRUE(ended_);
}

}  // namespace
}  // namespace globes::net
