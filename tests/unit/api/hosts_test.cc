#include "api/hosts.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "api/refusal_log.h"
#include "unit/chat/fakes.h"

namespace globes::api {
namespace {

net::HttpRequest request_to(std::string host) {
    net::HttpRequest request;
    request.headers.emplace_back("host", std::move(host));
    return request;
}

bool serve(const Hosts& hosts, const char* host) { return hosts.serve(request_to(host)); }

const HostSettings kLocal{.listed = {}, .allowed_origins = {}, .own = "127.0.0.1", .is_local = true};

TEST(Hosts, AServerOnLoopbackAnswersToTheNamesOfLoopbackOnly) {
    const Hosts hosts(kLocal);
    for (const char* host : {"localhost", "LOCALHOST:5000", "localhost.:80", "localhost:", "[::1]:", "127.0.0.1",
                             "127.0.0.1:5000", "[::1]:5000", "[0:0:0:0:0:0:0:1]"})
        EXPECT_TRUE(serve(hosts, host)) << host;
    for (const char* host : {"evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example",
                             "localhost@evil.example", "127.0.0.2", "[::2]", "192.168.0.1", "0.0.0.0", "", ":",
                             "localhost::", ":5000", "*"})
        EXPECT_FALSE(serve(hosts, host)) << host;
}

TEST(Hosts, AServerOnLoopbackAnswersToTheHostItListensOn) {
    HostSettings settings = kLocal;
    settings.own = "127.0.0.2";
    EXPECT_TRUE(serve(Hosts(settings), "127.0.0.2:5000"));
    settings.own = "::1";
    EXPECT_TRUE(serve(Hosts(settings), "[::1]:5000"));
}

TEST(Hosts, AServerBeyondLoopbackAnswersToAllByDefault) {
    HostSettings settings = kLocal;
    settings.is_local = false;
    for (const char* host : {"chat.example", "192.168.0.1:5000", "", "not a host"})
        EXPECT_TRUE(serve(Hosts(settings), host)) << host;
}

TEST(Hosts, AListReplacesTheDefaults) {
    for (const bool is_local : {true, false}) {
        HostSettings settings = kLocal;
        settings.is_local = is_local;
        settings.listed = {"Chat.Example.", "[2001:db8:0::1]", "b\u00fccher.example"};
        const Hosts hosts(settings);
        for (const char* host :
             {"chat.example", "chat.example:8080", "CHAT.example.", "[2001:DB8::1]:1", "xn--bcher-kva.example"})
            EXPECT_TRUE(serve(hosts, host)) << host;
        for (const char* host : {"localhost", "127.0.0.1:5000", "www.chat.example", "chat.example.evil"})
            EXPECT_FALSE(serve(hosts, host)) << host;
    }
}

TEST(Hosts, AnEntryWithAPortIsForThatPort) {
    HostSettings settings = kLocal;
    settings.listed = {"one.example:8080", "two.example:80", "three.example:443"};
    const Hosts hosts(settings);
    for (const char* host : {"one.example:8080", "two.example", "two.example:80", "three.example", "three.example:443"})
        EXPECT_TRUE(serve(hosts, host)) << host;
    for (const char* host : {"one.example", "one.example:80", "two.example:443", "three.example:80"})
        EXPECT_FALSE(serve(hosts, host)) << host;
}

TEST(Hosts, HostsOfAllowedOriginsCount) {
    HostSettings settings = kLocal;
    settings.allowed_origins = {"https://app.example:8443", "*", "http://[::2]"};
    const Hosts with_defaults(settings);
    for (const char* host : {"app.example", "app.example:8443", "app.example:1", "[::2]", "localhost"})
        EXPECT_TRUE(serve(with_defaults, host)) << host;
    EXPECT_FALSE(serve(with_defaults, "evil.example")) << "a star in AllowedOrigins is not a host";
    settings.listed = {"chat.example"};
    const Hosts listed(settings);
    EXPECT_TRUE(serve(listed, "app.example"));
    EXPECT_FALSE(serve(listed, "localhost"));
}

TEST(Hosts, AStarStandsForAll) {
    HostSettings settings = kLocal;
    settings.listed = {"chat.example", "*"};
    EXPECT_TRUE(serve(Hosts(settings), "evil.example"));
}

TEST(Hosts, ARequestWithoutHostIsServed) { EXPECT_TRUE(Hosts(kLocal).serve({})); }

TEST(Hosts, OnlyOtherRequestsThanThoseOfMonitorsAreRefused) {
    const Hosts hosts(kLocal);
    chat::ManualClock clock;
    RefusalLog log(clock);
    const auto refusal = [&](const char* host, const char* target) {
        net::HttpRequest request = request_to(host);
        request.target = target;
        return host_refusal(request, hosts, log);
    };
    const auto refused = refusal("evil.example", "/chats");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 421);
    EXPECT_FALSE(refusal("localhost", "/chats"));
    for (const char* target : {"/health", "/ready", "/ready?now"}) EXPECT_FALSE(refusal("evil.example", target));
    EXPECT_TRUE(refusal("evil.example", "/health/"));
}

}  // namespace
}  // namespace globes::api
