// Requests over real sockets through both threads and a worker, with handlers that throw on each of them.
#include "api/core_link.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/http_session.h"
#include "unit/chat/fakes.h"

namespace globes::api {
namespace {

using Http = std::shared_ptr<net::HttpExchange>;

class CoreLinkTest : public testing::Test {
protected:
    CoreLinkTest() {
        link.set_core(core);
        settings.refusal = [](const net::HttpRequest&, int status) { return net::HttpResponse{.status = status}; };
        hub = std::make_unique<net::HttpHub>(io.context(), io.hub().wheel(), io.read_buffer(), clock, settings,
                                             [this](const Http& http) {
                                                 if (http->request().target == "/fine") return http->respond({});
                                                 handler(http);
                                             });
        core_thread.start([this] { core.end_batch(); });
        io.start([this] { link.flush_to_core(); });
    }
    ~CoreLinkTest() override {
        io.stop();
        pool.stop();
        core_thread.stop();
        for (const int client : clients) ::close(client);
    }

    /// The first line of the answer to `target`, on a connection of its own.
    std::string answer_to(const std::string& target) {
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) std::abort();
        const auto [server, client] = pair;
        ::fcntl(server, F_SETFL, O_NONBLOCK);
        const timeval most{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
        clients.push_back(client);
        const std::string request = "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
        EXPECT_EQ(::send(client, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
        io.post([this, fd = server] { hub->adopt(fd, "192.0.2.1"); });
        std::array<char, 4096> bytes;
        const ssize_t got = ::recv(client, bytes.data(), bytes.size(), 0);
        const std::string answer(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return answer.substr(0, answer.find('\r'));
    }
    /// One that throws is answered 500, and the next request as if nothing had happened.
    void expect_500(std::function<void(const Http&)> throwing, TaskThread where) {
        handler = std::move(throwing);
        const std::uint64_t failed = failed_tasks(where);
        EXPECT_EQ(answer_to("/throws"), "HTTP/1.1 500 Internal Server Error");
        EXPECT_EQ(failed_tasks(where), failed + 1);
        EXPECT_EQ(answer_to("/fine"), "HTTP/1.1 200 OK");
    }

    [[noreturn]] static void fail() { throw std::runtime_error("broken"); }

    net::IoThread io{0, {}};
    chat::FakeStore store;
    chat::ManualClock clock;
    chat::TextEncoder encoder;
    chat::CoreThread core_thread;
    CoreLink link{io, core_thread};
    chat::Core core{{.store = store,
                     .clock = clock,
                     .encoder = encoder,
                     .io_threads = {&link},
                     .post = [this](Task task) { core_thread.post(std::move(task)); }},
                    {}};
    WorkerPool pool{1, 4};
    net::HttpSettings settings;
    std::unique_ptr<net::HttpHub> hub;
    std::function<void(const Http&)> handler;
    std::vector<int> clients;
};

TEST_F(CoreLinkTest, AHandlerThatThrowsIsAnswered500) {
    expect_500([](const Http&) { fail(); }, TaskThread::io);
}

TEST_F(CoreLinkTest, WorkThatThrowsIsAnswered500) {
    expect_500(
        [this](const Http& http) {
            ASSERT_TRUE(link.try_work(pool, []() -> int { fail(); }, [http](int) { http->respond({}); }));
        },
        TaskThread::worker);
}

TEST_F(CoreLinkTest, AnAnswerThatThrowsAfterTheWorkIsAnswered500) {
    expect_500(
        [this](const Http& http) { ASSERT_TRUE(link.try_work(pool, [] { return 1; }, [http](int) { fail(); })); },
        TaskThread::io);
}

TEST_F(CoreLinkTest, AQuestionThatThrowsInTheCoreIsAnswered500) {
    expect_500(
        [this](const Http& http) {
            link.ask_core([](chat::Core&) -> int { fail(); }, [http](int) { http->respond({}); });
        },
        TaskThread::core);
}

TEST_F(CoreLinkTest, AReplyThatThrowsIsAnswered500) {
    expect_500([this](const Http& http) { link.ask_core([](chat::Core&) { return 1; }, [http](int) { fail(); }); },
               TaskThread::io);
}

TEST_F(CoreLinkTest, AnAnswerOfTheStoreThatThrowsIsAnswered500) {
    expect_500(
        [this](const Http& http) {
            auto reply = link.store_reply([](bool) -> int { fail(); }, [http](int) { http->respond({}); });
            std::thread([reply = std::move(reply)]() mutable { reply(true); }).join();
        },
        TaskThread::store);
}

TEST_F(CoreLinkTest, WhatAReplyHoldsIsFreedOnTheIoThreadIfTheCoreDropsIt) {
    struct Witness {
        explicit Witness(std::promise<std::thread::id>& where) : freed_on(&where) {}
        Witness(Witness&& other) noexcept : freed_on(std::exchange(other.freed_on, nullptr)) {}
        ~Witness() {
            if (freed_on != nullptr) freed_on->set_value(std::this_thread::get_id());
        }
        std::promise<std::thread::id>* freed_on;
    };
    std::promise<std::thread::id> freed_on;
    std::promise<std::thread::id> io_id;
    io.post([&] {
        io_id.set_value(std::this_thread::get_id());
        link.tell_core([reply = link.reply([witness = Witness(freed_on)] {})](chat::Core&) {});
    });
    EXPECT_EQ(freed_on.get_future().get(), io_id.get_future().get());
}

}  // namespace
}  // namespace globes::api
