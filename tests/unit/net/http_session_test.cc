// Sessions on one end of a real socket pair, the client on the other. The test advances the timer wheel.
#include "net/http_session.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "unit/net/http_harness.h"
#include "unit/net/tls_client.h"

namespace globes::net {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

const std::string kGet = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kPostHead = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n";

class HttpSessionTest : public HttpHubTest {
protected:
    HttpSessionTest() {
        settings_.refusal = [](const HttpRequest&, int status, std::string_view) {
            return HttpResponse{.status = status, .body = "refused"};
        };
        settings_.on_finished = [this](const HttpRequest& request, int status, std::size_t bytes,
                                       std::chrono::microseconds took, std::string_view) {
            finished_.push_back(request.method + ' ' + request.target + ' ' + std::to_string(status) + ' ' +
                                std::to_string(bytes) + ' ' + std::to_string(took.count()) + ' ' +
                                request.client.text());
        };
        handler_ = [](const std::shared_ptr<HttpExchange>& exchange) {
            exchange->respond({.body = exchange->request().target + exchange->request().body});
        };
    }
    ~HttpSessionTest() override {
        waiting_.clear();  // before the members of this class, which hear of their answers
        if (client_ >= 0) ::close(client_);
    }

    void open(std::pair<int, int> pair = unix_pair()) {
        client_ = pair.second;
        hub().adopt(FileDescriptor(pair.first), peer_, admission_);
        run();
    }
    void send(std::string_view bytes) {
        ASSERT_EQ(::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
        run();
    }
    std::string receive() { return receive_from(client_); }
    std::string exchange(std::string_view bytes) {
        send(bytes);
        return receive();
    }

    Admission admission_ = Admission::full;
    ClientAddress peer_{*IpAddress::parse("192.0.2.1")};
    std::vector<std::string> finished_;
    int client_ = -1;
};

TEST_F(HttpSessionTest, AnswersRequestsOneAfterAnother) {
    open();
    for (int i = 0; i < 3; ++i) {
        const std::string answer = exchange(kGet);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(answer, EndsWith("\r\n\r\n/x"));
        EXPECT_THAT(answer, Not(HasSubstr("Connection")));
        EXPECT_FALSE(ended_);
    }
}

TEST_F(HttpSessionTest, ABodyMayComeByteByByte) {
    open();
    for (const char c : kPostHead + "\r\nbody") send({&c, 1});
    EXPECT_THAT(receive(), EndsWith("/xbody"));
}

TEST_F(HttpSessionTest, PipelinedRequestsAreServedOneAtATimeInOrder) {
    answer_later();
    open();
    send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\nGE");
    for (const auto* target : {"/1", "/2", "/3"}) {
        ASSERT_EQ(waiting_.size(), 1u);
        EXPECT_EQ(waiting_.front()->request().target, target);
        waiting_.front()->respond({.body = target});
        waiting_.pop_front();
        EXPECT_THAT(receive(), EndsWith(target));
    }
    EXPECT_TRUE(waiting_.empty());
    send("T /4 HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(waiting_.size(), 1u);
}

TEST_F(HttpSessionTest, PipelinedRequestsThatAreAnsweredAtOnceLetOtherConnectionsComeFirst) {
    int answered = 0;
    handler_ = [&answered](const std::shared_ptr<HttpExchange>& exchange) {
        ++answered;
        exchange->respond({.body = exchange->request().target});
    };
    open();
    std::string requests;
    constexpr int kRequests = 100;
    for (int i = 0; i < kRequests; ++i) requests += kGet;
    ASSERT_EQ(::send(client_, requests.data(), requests.size(), 0), static_cast<ssize_t>(requests.size()));
    context_.restart();
    int most = 0;
    for (int before = 0; answered < kRequests; before = answered) {
        ASSERT_GT(context_.poll_one(), 0U);
        most = std::max(most, answered - before);
    }
    EXPECT_EQ(most, 8);
    EXPECT_THAT(exchange("GET /last HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("/last"));
}

TEST_F(HttpSessionTest, PipelinedRequestsThatWaitEndWithTheirConnection) {
    open();
    std::string requests;
    for (int i = 0; i < 20; ++i) requests += kGet;
    ASSERT_EQ(::send(client_, requests.data(), requests.size(), 0), static_cast<ssize_t>(requests.size()));
    context_.restart();
    while (finished_.empty()) ASSERT_GT(context_.poll_one(), 0U);
    hub_->stop();
    run();
    EXPECT_EQ(finished_.size(), 8U);
    receive();
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, ManyPipelinedRequestsDoNotGrowTheStack) {
    const auto stack_position = [] { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); };
    std::uintptr_t highest = 0;
    std::uintptr_t lowest = UINTPTR_MAX;
    handler_ = [&](const std::shared_ptr<HttpExchange>& exchange) {
        highest = std::max(highest, stack_position());
        lowest = std::min(lowest, stack_position());
        exchange->respond({});
    };
    open();
    std::string requests;
    for (int i = 0; i < 2000; ++i) requests += "GET / HTTP/1.1\r\nHost:\r\n\r\n";
    std::size_t sent = 0;
    std::string answers;
    while (sent < requests.size()) {
        const ssize_t count = ::send(client_, requests.data() + sent, requests.size() - sent, MSG_NOSIGNAL);
        if (count > 0) sent += static_cast<std::size_t>(count);
        run();
        answers += receive();
    }
    for (std::string more; !(run(), more = receive()).empty();) answers += more;
    std::size_t count = 0;
    for (std::size_t at = 0; (at = answers.find("HTTP/1.1 200", at)) != std::string::npos; ++at) ++count;
    EXPECT_EQ(count, 2000u);
    EXPECT_LT(highest - lowest, 8192u);
}

TEST_F(HttpSessionTest, NothingIsReadWhileAHandlerWorks) {
    answer_later();
    open();
    send(kGet);
    ASSERT_EQ(waiting_.size(), 1u);
    send(kGet);
    EXPECT_EQ(waiting_.size(), 1u);
    waiting_[0]->respond({});
    run();
    EXPECT_EQ(waiting_.size(), 2u);
}

TEST_F(HttpSessionTest, ClosesIfTheClientAsksForIt) {
    open();
    EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(ended_);
    EXPECT_EQ(hub_->size(), 1u) << "drains until the client has ended too";
    ::shutdown(client_, SHUT_WR);
    run();
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, ClosesIfTheResponseSaysSo) {
    handler_ = [](const std::shared_ptr<HttpExchange>& exchange) { exchange->respond({.close = true}); };
    open();
    EXPECT_THAT(exchange(kGet + kGet), HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(ended_);
    EXPECT_EQ(finished_.size(), 1u) << "the second request is never served";
}

TEST_F(HttpSessionTest, Http10IsClosedUnlessItAsksToBeKept) {
    open();
    EXPECT_THAT(exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), HasSubstr("Connection: keep-alive\r\n"));
    EXPECT_FALSE(ended_);
    EXPECT_THAT(exchange("GET / HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, HeadGetsNoBody) {
    open();
    const std::string answer = exchange("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 4\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpSessionTest, AClientThatEndedItsSideGetsItsAnswer) {
    answer_later();
    open();
    send(kGet);
    ::shutdown(client_, SHUT_WR);
    run();
    ASSERT_EQ(waiting_.size(), 1u);
    waiting_[0]->respond({.body = "here"});
    run();
    EXPECT_THAT(receive(), EndsWith("here"));
    EXPECT_TRUE(ended_);
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, RefusesAndDiscardsTheBytesAfterTheFault) {
    open();
    const std::string answer = exchange("nonsense\r\n\r\n" + kGet);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("refused"));
    EXPECT_TRUE(ended_);
    send(kGet);
    EXPECT_EQ(receive(), "");
    EXPECT_THAT(finished_, ElementsAre("  400 7 0 192.0.2.1"));
}

TEST_F(HttpSessionTest, LingersForALimitedTime) {
    open();
    exchange("nonsense\r\n");
    pass(settings_.drain_timeout);
    EXPECT_EQ(hub_->size(), 1u);
    pass(1);
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, LingersForALimitedNumberOfBytes) {
    settings_.drain_bytes = 100;
    open();
    exchange("nonsense\r\n");
    send(std::string(100, 'x'));
    EXPECT_EQ(hub_->size(), 1u);
    send("x");
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, ARefusalReachesATcpClientThatIsStillSending) {
    open(nonblocking_tcp_pair());
    send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    for (int i = 0; i < 5; ++i) send(std::string(10'000, 'b'));
    EXPECT_THAT(receive(), StartsWith("HTTP/1.1 413 "));
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, OffersContinueBeforeTheBody) {
    open();
    EXPECT_EQ(exchange(kPostHead + "Expect: 100-continue\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_THAT(exchange("body"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(exchange(kPostHead + "Expect: 100-continue\r\n\r\nbody"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpSessionTest, AHeadThatTakesTooLongIs408HoweverSlowlyItArrives) {
    open();
    send("GET / HTTP/1.1\r\n");
    for (Tick i = 0; i < settings_.read_timeout; ++i) {
        pass(1);
        send("X: y\r\n");
    }
    EXPECT_EQ(receive(), "");
    pass(1);
    EXPECT_THAT(receive(), StartsWith("HTTP/1.1 408 "));
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, TheBodyHasItsOwnTimeout) {
    open();
    send("POST / HTTP/1.1\r\nHost: x\r\n");
    pass(settings_.read_timeout);
    send("Content-Length: 4\r\n\r\nbo");
    pass(settings_.read_timeout);
    send("d");
    EXPECT_EQ(receive(), "");
    pass(1);
    EXPECT_THAT(receive(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpSessionTest, ARequestThatFollowsAnotherHasItsOwnTimeout) {
    answer_later();
    open();
    send(kGet + "GET /half");
    pass(settings_.idle_timeout * 2);
    EXPECT_EQ(hub_->size(), 1u) << "a handler has no timeout";
    waiting_[0]->respond({});
    run();
    pass(settings_.read_timeout);
    EXPECT_THAT(receive(), Not(HasSubstr("408")));
    pass(1);
    EXPECT_THAT(receive(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpSessionTest, AnIdleConnectionIsClosedSilently) {
    open();
    exchange(kGet);
    pass(settings_.idle_timeout);
    exchange(kGet);
    pass(settings_.idle_timeout);
    EXPECT_EQ(hub_->size(), 1u);
    pass(1);
    EXPECT_EQ(receive(), "");
    EXPECT_TRUE(ended_);
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, AConnectionForProbesHasOneRequestAndLittleTimeForIt) {
    handler_ = [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->respond({.body = exchange->request().only_probes ? "probe" : "any"});
    };
    admission_ = Admission::probe;
    open();
    const std::string answer = exchange(kGet + kGet);
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("probe"));
    EXPECT_TRUE(ended_);
    ::close(client_);
    open();
    pass(settings_.probe_timeout);
    receive();
    EXPECT_FALSE(ended_);
    pass(1);
    EXPECT_EQ(receive(), "");
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, AConnectionForProbesHasThisTimeForAllItSends) {
    admission_ = Admission::probe;
    for (const std::string& part : {std::string("GET /x HT"), kPostHead + "\r\nab"}) {
        open();
        pass(settings_.probe_timeout - 1);
        send(part);
        pass(2);
        EXPECT_THAT(receive(), StartsWith("HTTP/1.1 408 "));
        EXPECT_TRUE(ended_);
        ::close(std::exchange(client_, -1));
        run();
    }
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, OnlyAFewConnectionsOfAnAddressAreTurnedAwayAtTheSameTime) {
    limit_settings_.open_connections = 1;
    limit_settings_.turned_away = 2;
    std::vector<std::string> dropped;
    settings_.on_dropped = [&](const ClientAddress&, std::string_view limit) { dropped.emplace_back(limit); };
    hub();
    peer_ = limits_->find(*IpAddress::parse("192.0.2.1"), clock_.steady());
    std::vector<int> clients;
    for (int i = 0; i < 5; ++i) {
        open();
        clients.push_back(std::exchange(client_, -1));
    }
    EXPECT_THAT(receive_from(clients[0]), IsEmpty());
    EXPECT_FALSE(ended_);
    for (const std::size_t answered : {1U, 2U})
        EXPECT_THAT(receive_from(clients[answered]), StartsWith("HTTP/1.1 503 "));
    for (const std::size_t closed : {3U, 4U}) {
        EXPECT_THAT(receive_from(clients[closed]), IsEmpty());
        EXPECT_TRUE(ended_);
    }
    EXPECT_THAT(dropped, ElementsAre(kOpenConnections, kOpenConnections));
    EXPECT_EQ(hub_->size(), 3u);
    pass(settings_.turn_away_timeout + 1);
    EXPECT_EQ(hub_->size(), 1u) << "they do not wait for the end of the client as long as others";
    for (const int client : clients) ::close(client);
}

TEST_F(HttpSessionTest, AConnectionThatIsTurnedAwayHasLittleTimeForItsHandshake) {
    TlsBuffers buffers;
    settings_.open = [&](FileDescriptor socket) { return StreamSocket(std::move(socket), test_tls(), buffers); };
    limit_settings_.open_connections = 1;
    hub();
    peer_ = limits_->find(*IpAddress::parse("192.0.2.1"), clock_.steady());
    auto first = limits_->open_connection(peer_);
    open();
    send("\x16\x03\x01");
    EXPECT_EQ(hub_->size(), 1u);
    pass(settings_.turn_away_timeout + 1);
    EXPECT_EQ(hub_->size(), 0u);
    hub_.reset();
}

TEST_F(HttpSessionTest, AConnectionWithoutAnyRequestIsClosedSilently) {
    open();
    send("\r\n");
    pass(settings_.idle_timeout + 1);
    EXPECT_EQ(receive(), "");
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, AClientThatTakesNoBytesIsClosed) {
    const std::string large(4 << 20, 'x');
    handler_ = [&](const std::shared_ptr<HttpExchange>& exchange) { exchange->respond({.body = large}); };
    open();
    send(kGet);
    pass(settings_.write_timeout);
    EXPECT_GT(receive().size(), 0u);
    run();
    pass(settings_.write_timeout);
    EXPECT_EQ(hub_->size(), 1u) << "it took some bytes";
    pass(settings_.write_timeout + 1);
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, AClientThatTakesAByteNowAndThenIsClosed) {
    handler_ = [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->respond({.body = std::string(8 << 20, 'x')});
    };
    open(nonblocking_tcp_pair());
    send(kGet);
    char byte = 0;
    Tick passed = 0;
    for (; hub_->size() == 1 && passed < 4 * settings_.write_timeout; ++passed) {
        ASSERT_EQ(::recv(client_, &byte, 1, 0), 1);
        pass(1);
    }
    EXPECT_EQ(hub_->size(), 0u);
    EXPECT_GT(passed, settings_.write_timeout);
}

// The kernel reports a socket as writable only when a good part of its buffer is free.
TEST_F(HttpSessionTest, AClientThatTakesTooLittleForTheKernelToReportIsNotClosed) {
    handler_ = [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->respond({.body = std::string(4 << 20, 'x')});
    };
    open();
    send(kGet);
    std::array<char, 40'000> piece;
    for (int i = 0; i < 10; ++i) {
        pass(settings_.write_timeout);
        ASSERT_EQ(::recv(client_, piece.data(), piece.size(), MSG_WAITALL), static_cast<ssize_t>(piece.size()));
        pass(1);
        EXPECT_EQ(hub_->size(), 1u) << i;
    }
    pass(settings_.write_timeout + 1);
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, AClientThatTakesLessThanTheLeastRateIsClosed) {
    settings_.least_bytes_per_second = 50'000;
    handler_ = [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->respond({.body = std::string(4 << 20, 'x')});
    };
    open();
    send(kGet);
    std::array<char, 40'000> piece;  // in 10 s
    ASSERT_EQ(::recv(client_, piece.data(), piece.size(), MSG_WAITALL), static_cast<ssize_t>(piece.size()));
    pass(settings_.write_timeout + 1);
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, ALargeResponseArrivesCompletelyAndTheNextRequestIsServed) {
    const std::string large(4 << 20, 'x');
    handler_ = [&](const std::shared_ptr<HttpExchange>& exchange) { exchange->respond({.body = large}); };
    open();
    send(kGet + "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    std::string answers;
    for (std::string more; !(run(), more = receive()).empty();) answers += more;
    EXPECT_EQ(answers.find("HTTP/1.1", 1), answers.find("\r\n\r\n") + 4 + large.size());
    EXPECT_THAT(answers, EndsWith("\r\n\r\n"));
}

/// Parts that the test gives.
struct GivenParts final : BodyParts {
    explicit GivenParts(std::deque<Done>& asked) : asked_for(asked) {}
    void read(Done done) override { asked_for.push_back(std::move(done)); }
    std::deque<Done>& asked_for;
};

class HttpPartsTest : public HttpSessionTest {
protected:
    HttpPartsTest() {
        handler_ = [this](const std::shared_ptr<HttpExchange>& exchange) {
            exchange->respond({.body = "a", .rest_bytes = 4, .rest = std::make_shared<GivenParts>(asked_)});
        };
    }
    ~HttpPartsTest() override { asked_.clear(); }
    void give(std::optional<std::string> part) {
        auto done = std::move(asked_.front());
        asked_.pop_front();
        done(std::move(part));
        run();
    }
    std::deque<BodyParts::Done> asked_;
};

TEST_F(HttpPartsTest, APartIsAskedForWhenTheLastOneWasTaken) {
    open();
    send(kGet + kGet);
    ASSERT_THAT(asked_, SizeIs(1));
    EXPECT_THAT(receive(), AllOf(HasSubstr("Content-Length: 5\r\n"), EndsWith("\r\n\r\na")));
    give("bc");
    give("de");
    EXPECT_THAT(receive(), StartsWith("bcdeHTTP/1.1 200"));
    EXPECT_THAT(asked_, SizeIs(1)) << "of the second request";
    EXPECT_THAT(finished_, testing::Each(HasSubstr(" 200 5 ")));
}

TEST_F(HttpPartsTest, APartThatIsBeingReadIsNotTheClientsDelay) {
    open();
    send(kGet);
    pass(10 * settings_.write_timeout);
    EXPECT_EQ(hub_->size(), 1u);
    hub_->stop();
    EXPECT_EQ(hub_->size(), 1u) << "the response ends first";
    give("bcde");
    EXPECT_THAT(receive(), EndsWith("abcde"));
    EXPECT_TRUE(ended_);
}

TEST_F(HttpPartsTest, APartThatIsTooLongIsCut) {
    open();
    send(kGet + kGet);
    give("bcdefg");
    EXPECT_THAT(receive(), HasSubstr("\r\n\r\nabcdeHTTP/1.1 200")) << "a file has grown meanwhile";
}

TEST_F(HttpPartsTest, AFailedAndAnEmptyPartCloseTheConnection) {
    for (const std::optional<std::string>& part : {std::optional<std::string>(), std::optional<std::string>("")}) {
        open();
        send(kGet);
        give(part);
        EXPECT_EQ(hub_->size(), 0u);
        ::close(client_);
    }
    open();
    send(kGet);
    asked_.clear();  // no answer
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpPartsTest, HeadAsksForNoPart) {
    open();
    EXPECT_THAT(exchange("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"),
                AllOf(HasSubstr("Content-Length: 5\r\n"), EndsWith("\r\n\r\n")));
    EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(HttpPartsTest, APartForADisconnectedPeerIsHarmless) {
    open();
    send(kGet);
    hub_->stop();
    hub_.reset();
    give("bcde");
}

class UnreadOutputTest : public HttpSessionTest {
protected:
    UnreadOutputTest() {
        handler_ = [](const std::shared_ptr<HttpExchange>& exchange) {
            const bool is_large = exchange->request().target != "/small";
            exchange->respond({.body = std::string(is_large ? 8 << 20 : 1 << 10, 'x')});
        };
        limit_settings_ = {.unread_bytes = 20 << 20, .unread_in_all = 80 << 20, .unread_reserve = 0};
        limits_.emplace(limit_settings_);
        peer_ = address("192.0.2.1");
    }
    ClientAddress address(const char* text) { return limits_->find(*IpAddress::parse(text), {}); }
    /// The status line of the response on a connection of its own.
    std::string status(const char* target) {
        open();
        clients_.push_back(client_);
        send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        std::array<char, 12> line{};
        EXPECT_GT(::recv(client_, line.data(), line.size(), 0), 0);
        return std::string(line.data(), line.size());
    }
    ~UnreadOutputTest() override {
        client_ = -1;
        for (const int client : clients_) ::close(client);
    }
    std::vector<int> clients_;
};

TEST_F(UnreadOutputTest, IsLimitedForEachAddressAndForAll) {
    EXPECT_EQ(status("/large"), "HTTP/1.1 200");
    EXPECT_EQ(status("/large"), "HTTP/1.1 200");
    EXPECT_EQ(status("/large"), "HTTP/1.1 429");
    EXPECT_EQ(status("/small"), "HTTP/1.1 200");
    peer_ = address("192.0.2.2");
    EXPECT_EQ(status("/large"), "HTTP/1.1 200");
    EXPECT_EQ(status("/large"), "HTTP/1.1 503");
    EXPECT_EQ(status("/small"), "HTTP/1.1 200");
    EXPECT_EQ(limits_->counts().output_refused, 2u);
}

TEST_F(UnreadOutputTest, IsFreeAgainWhenTheConnectionsHaveEnded) {
    for (int i = 0; i < 2; ++i) EXPECT_EQ(status("/large"), "HTTP/1.1 200");
    pass(3 * settings_.write_timeout);
    EXPECT_EQ(hub_->size(), 0u);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(status("/large"), "HTTP/1.1 200");
}

TEST_F(UnreadOutputTest, IsFreeAgainWhenTheClientHasTakenIt) {
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(status("/large"), "HTTP/1.1 200");
        while (!receive().empty()) run();
    }
}

TEST_F(HttpSessionTest, AClientWithManyConnectionsDelaysAnotherByOneOfThem) {
    std::vector<std::string> order;
    handler_ = [&order](const std::shared_ptr<HttpExchange>& exchange) {
        order.push_back(exchange->request().client.text());
        exchange->respond({});
    };
    std::vector<FileDescriptor> clients;
    for (int i = 0; i < 21; ++i) {
        peer_ = ClientAddress(*IpAddress::parse(i < 20 ? "192.0.2.1" : "192.0.2.2"));
        open();
        clients.emplace_back(std::exchange(client_, -1));
    }
    for (const FileDescriptor& client : clients)
        ASSERT_EQ(::send(client.get(), kGet.data(), kGet.size(), MSG_NOSIGNAL), static_cast<ssize_t>(kGet.size()));
    run();
    ASSERT_THAT(order, SizeIs(21));
    // Some may be served before the loop has looked at all sockets.
    EXPECT_LT(std::ranges::find(order, "192.0.2.2") - order.begin(), 3);
}

TEST_F(HttpSessionTest, AConnectionBeyondTheLimitOfItsAddressIsAnswered503) {
    limit_settings_.open_connections = 1;
    limits_.emplace(limit_settings_);
    peer_ = limits_->find(*IpAddress::parse("192.0.2.1"), {});
    open();
    const int first = client_;
    open();
    EXPECT_THAT(receive(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Connection: close\r\n")));
    EXPECT_TRUE(ended_);
    ::close(client_);
    run();
    ::close(first);
    run();
    open();
    EXPECT_THAT(exchange(kGet), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(limits_->counts().open_connections_refused, 1u);
}

TEST_F(HttpSessionTest, TooManyNewConnectionsAreClosedWithoutAnAnswer) {
    limit_settings_.rate(AddressLimit::connections) = {1, std::chrono::seconds(60)};
    limits_.emplace(limit_settings_);
    peer_ = limits_->find(*IpAddress::parse("192.0.2.1"), {});
    open();
    ::close(client_);
    open();
    EXPECT_EQ(receive(), "");
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, ADroppedExchangeClosesTheConnection) {
    answer_later();
    open();
    send(kGet);
    waiting_.clear();
    run();
    EXPECT_THAT(receive(), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("refused")));
    send(kGet);
    ASSERT_EQ(waiting_.size(), 1u) << "the connection goes on";
    waiting_[0]->respond({.body = "fine"});
    waiting_.clear();
    EXPECT_THAT(receive(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("fine")));
    EXPECT_THAT(finished_, ElementsAre(HasSubstr(" 500 "), HasSubstr(" 200 ")));
}

TEST_F(HttpSessionTest, AHandlerThatThrowsAnswers500) {
    handler_ = [](const std::shared_ptr<HttpExchange>& exchange) {
        if (exchange->request().method == "POST") throw std::runtime_error("broken");
        exchange->respond({.body = "fine"});
    };
    open();
    EXPECT_THAT(exchange(kPostHead + "\r\nbody" + kGet), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith("fine")));
    EXPECT_FALSE(ended_);
}

TEST_F(HttpSessionTest, AHandlerThatThrowsAfterItsAnswerAnswersOnce) {
    handler_ = [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->respond({.body = "fine"});
        throw std::runtime_error("broken");
    };
    open();
    EXPECT_THAT(exchange(kGet), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("fine")));
    EXPECT_THAT(finished_, SizeIs(1));
}

TEST_F(HttpSessionTest, AnExchangeThatIsDroppedAfterItsHubIsHarmless) {
    answer_later();
    open();
    send(kGet);
    hub_.reset();
    waiting_.clear();
    EXPECT_EQ(receive(), "");
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, AnAnswerThatCannotBeSentClosesTheConnection) {
    answer_later();
    settings_.on_finished = [](auto&&...) { throw std::runtime_error("broken"); };
    open();
    send(kGet);
    waiting_[0]->respond({.body = "fine"});
    waiting_.clear();
    EXPECT_EQ(receive(), "");
    EXPECT_TRUE(ended_);
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, ARefusalThatThrowsClosesTheConnection) {
    answer_later();
    settings_.refusal = [](const HttpRequest&, int, std::string_view) -> HttpResponse {
        throw std::runtime_error("broken");
    };
    open();
    send(kGet);
    waiting_.clear();
    EXPECT_EQ(receive(), "");
    EXPECT_TRUE(ended_);
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, AnswersForDisconnectedPeersAreHarmless) {
    answer_later();
    open(nonblocking_tcp_pair());
    send(kGet);
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::close(std::exchange(client_, -1));
    waiting_[0]->respond({.body = "too late"});
    waiting_[0]->respond({.body = "twice"});
    run();
    EXPECT_EQ(hub_->size(), 0u);
    EXPECT_FALSE(waiting_[0]->take_over());
}

TEST_F(HttpSessionTest, TheEndOfTheHubLeavesExchangesHarmless) {
    answer_later();
    open();
    send(kGet);
    hub_.reset();
    waiting_[0]->respond({.body = "too late"});
    EXPECT_EQ(receive(), "");
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, HandsOverTheSocketOfAnUpgrade) {
    answer_later();
    open(nonblocking_tcp_pair());
    send(kGet + "\x81\x85unread");
    const auto upgraded = waiting_[0]->take_over();
    ASSERT_TRUE(upgraded);
    EXPECT_EQ(upgraded->unread, "\x81\x85unread");
    EXPECT_EQ(waiting_[0]->request().target, "/x") << "the response still needs the request";
    EXPECT_EQ(hub_->size(), 0u);
    waiting_.clear();
    run();

    EXPECT_NE(::fcntl(upgraded->socket.fd(), F_GETFL) & O_NONBLOCK, 0);
    ASSERT_EQ(::write(upgraded->socket.fd(), "101", 3), 3);
    EXPECT_EQ(receive(), "101");
    EXPECT_THAT(finished_, ElementsAre("GET /x 101 0 0 192.0.2.1"));
}

TEST_F(HttpSessionTest, ServesBytesThatArrivedWithTheConnectionWithoutAWait) {
    answer_later();
    const auto [server, client] = unix_pair();
    ASSERT_EQ(::send(client, kGet.data(), kGet.size(), MSG_NOSIGNAL), static_cast<ssize_t>(kGet.size()));
    client_ = client;
    hub().adopt(FileDescriptor(server), peer_);
    EXPECT_EQ(context_.poll_one(), 1u);
    ASSERT_EQ(waiting_.size(), 1u);
    EXPECT_EQ(context_.poll(), 0u) << "the socket is not waited for";
    waiting_[0]->respond({.body = "at once"});
    EXPECT_THAT(receive(), EndsWith("at once"));
    EXPECT_THAT(exchange(kGet), IsEmpty()) << "waits for the next request";
    ASSERT_EQ(waiting_.size(), 2u);
}

TEST_F(HttpSessionTest, ReportsEveryAnswer) {
    answer_later();
    open();
    send(kGet);
    clock_.now += std::chrono::milliseconds{3};
    waiting_[0]->respond({.status = 404, .body = "four"});
    EXPECT_THAT(finished_, ElementsAre("GET /x 404 4 3000 192.0.2.1"));
}

TEST_F(HttpSessionTest, StopEndsWaitingConnectionsAtOnceAndBusyOnesAfterTheirResponse) {
    answer_later();
    open();
    const int idle = client_;
    open();
    const int reading = client_;
    send("GET / HT");
    open();
    send(kGet + "GET / HT");
    hub_->stop();
    run();
    EXPECT_EQ(hub_->size(), 1u);
    waiting_[0]->respond({.body = "last"});
    run();
    const std::string answer = receive();
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("last"));
    EXPECT_TRUE(ended_);
    for (const int waiting : {reading, idle}) {
        ::close(std::exchange(client_, waiting));
        EXPECT_EQ(receive(), "");
        EXPECT_TRUE(ended_);
    }
    run();
    EXPECT_EQ(hub_->size(), 0u);
}

TEST_F(HttpSessionTest, StopLetsAResponseInProgressArriveCompletely) {
    const std::string large(4 << 20, 'x');
    handler_ = [&](const std::shared_ptr<HttpExchange>& exchange) { exchange->respond({.body = large}); };
    open();
    send(kGet + "GET / HT");
    hub_->stop();
    std::string answer;
    for (std::string more; !(run(), more = receive()).empty();) answer += more;
    EXPECT_GT(answer.size(), large.size());
    EXPECT_TRUE(ended_);
}

TEST_F(HttpSessionTest, AConnectionThatComesAfterTheStopIsClosed) {
    open();
    hub_->stop();
    ::close(client_);
    open();
    receive();
    EXPECT_TRUE(ended_);
    EXPECT_EQ(hub_->size(), 0u);
}

}  // namespace
}  // namespace globes::net
