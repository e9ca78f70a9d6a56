// Requests over real sockets through both threads and a worker, with handlers that throw on each of them.
#include "api/core_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "unit/api/both_threads.h"

namespace globes::api {
namespace {

using Http = std::shared_ptr<net::HttpExchange>;

class CoreLinkTest : public BothThreads {
protected:
    CoreLinkTest() {
        handler = [this](const Http& http) {
            if (http->request().target == "/fine") return http->respond({});
            tested(http);
        };
    }
    ~CoreLinkTest() override {
        io.stop();
        pool.stop();
    }

    /// The first line of the answer to `target`, on a connection of its own.
    std::string answer_to(const std::string& target) {
        const std::string answer = receive(request("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"));
        return answer.substr(0, answer.find('\r'));
    }
    /// A request to `throwing` is answered 500, and the next request as if nothing had happened.
    void expect_500(std::function<void(Http)> throwing, TaskThread where) {
        tested = std::move(throwing);
        const std::uint64_t failed = failed_tasks(where);
        EXPECT_EQ(answer_to("/throws"), "HTTP/1.1 500 Internal Server Error");
        EXPECT_EQ(answer_to("/fine"), "HTTP/1.1 200 OK");
        EXPECT_EQ(failed_tasks(where), failed + 1);
    }
    void expect_200(std::function<void(Http)> answering) {
        tested = std::move(answering);
        EXPECT_EQ(answer_to("/answers"), "HTTP/1.1 200 OK");
    }

    [[noreturn]] static void fail() { throw std::runtime_error("broken"); }

    WorkerPool pool{1, {.queued = 4}};
    std::function<void(Http)> tested;
};

/// Tells on which thread it was destroyed.
struct Witness {
    explicit Witness(std::promise<std::thread::id>& where) : destroyed_on(&where) {}
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    ~Witness() { destroyed_on->set_value(std::this_thread::get_id()); }
    std::promise<std::thread::id>* destroyed_on;
};

TEST_F(CoreLinkTest, AHandlerThatThrowsIsAnswered500) {
    expect_500([](Http) { fail(); }, TaskThread::io);
    expect_500(
        [](Http request) {
            [](Http) -> Handler {
                fail();
                co_return;
            }(std::move(request));
        },
        TaskThread::io);
}

// Coroutines are functions, because a lambda would have to outlive its coroutine.

Handler ask(CoreLink& link, Http http, std::function<int()> in_core, std::function<void()> after) {
    const int value = co_await link.ask_core([&](chat::Core&) { return in_core(); });
    after();
    http->respond({.status = value});
}

TEST_F(CoreLinkTest, AHandlerGoesOnWithTheAnswerOfTheCore) {
    expect_200([this](Http http) { ask(link, std::move(http), [] { return 200; }, [] {}); });
}

TEST_F(CoreLinkTest, AQuestionThatThrowsInTheCoreIsAnswered500) {
    expect_500([this](Http http) { ask(link, std::move(http), []() -> int { fail(); }, [] {}); }, TaskThread::core);
}

TEST_F(CoreLinkTest, AHandlerThatThrowsAfterAnAnswerIsAnswered500) {
    expect_500([this](Http http) { ask(link, std::move(http), [] { return 1; }, [] { fail(); }); }, TaskThread::io);
}

Handler ask_later(CoreLink& link, Http http, std::function<void(chat::Core&, CoreReply<int>)> start) {
    const int value =
        co_await link.ask_core_later<int>([&](chat::Core& core, auto reply) { start(core, std::move(reply)); });
    http->respond({.status = value});
}

TEST_F(CoreLinkTest, AHandlerGoesOnWithALaterReplyOfTheCore) {
    expect_200([this](Http http) {
        ask_later(link, std::move(http), [this](chat::Core&, CoreReply<int> reply) {
            core_thread.post([reply = std::move(reply)]() mutable { reply(200); });
        });
    });
}

TEST_F(CoreLinkTest, ACoreThatThrowsInsteadOfAReplyIsAnswered500) {
    expect_500(
        [this](Http http) { ask_later(link, std::move(http), [](chat::Core&, const CoreReply<int>&) { fail(); }); },
        TaskThread::core);
}

Handler watch(CoreLink& link, Http http, std::promise<std::thread::id>& destroyed_on) {
    const Witness witness(destroyed_on);
    const int value =
        co_await link.ask_core_later<int>([](chat::Core&, auto reply) { CoreReply<int>(std::move(reply)); });
    http->respond({.status = value});
}

TEST_F(CoreLinkTest, AHandlerWhoseReplyTheCoreDropsIsDestroyedOnTheIoThreadAndAnswered500) {
    std::promise<std::thread::id> destroyed_on;
    std::promise<std::thread::id> io_id;
    handler = [&](Http http) {
        io_id.set_value(std::this_thread::get_id());
        watch(link, std::move(http), destroyed_on);
    };
    EXPECT_EQ(answer_to("/dropped"), "HTTP/1.1 500 Internal Server Error");
    EXPECT_EQ(destroyed_on.get_future().get(), io_id.get_future().get());
}

Handler work(CoreLink& link, WorkerPool& pool, Http http, std::function<int()> work) {
    const auto value = co_await link.run_on_worker(pool, {}, [&] { return work(); });
    http->respond({.status = value ? *value : 503});
}

TEST_F(CoreLinkTest, AHandlerGoesOnWithTheResultOfAWorker) {
    expect_200([this](Http http) { work(link, pool, std::move(http), [] { return 200; }); });
}

TEST_F(CoreLinkTest, WorkThatThrowsIsAnswered500) {
    expect_500([this](Http http) { work(link, pool, std::move(http), []() -> int { fail(); }); }, TaskThread::worker);
}

TEST_F(CoreLinkTest, AHandlerIsToldThatThePoolIsFull) {
    WorkerPool full(1, {.queued = 0});
    handler = [&](Http http) { work(link, full, std::move(http), [] { return 200; }); };
    EXPECT_EQ(answer_to("/full"), "HTTP/1.1 503 Service Unavailable");
}

TEST_F(CoreLinkTest, AHandlerWhoseWorkIsDroppedIsAnswered500) {
    WorkerPool stopped(1, {.queued = 2});
    std::promise<void> may_end;
    ASSERT_TRUE(stopped.try_post([end = may_end.get_future()] { end.wait(); }));
    std::promise<void> posted;
    handler = [&](Http http) {
        work(link, stopped, std::move(http), [] { return 200; });
        posted.set_value();
    };
    std::thread stopping([&] {
        posted.get_future().wait();
        stopped.stop();
    });
    EXPECT_EQ(answer_to("/dropped"), "HTTP/1.1 500 Internal Server Error");
    may_end.set_value();
    stopping.join();
}

Handler ask_store(CoreLink& link, Http http, std::function<int(bool)> convert) {
    const int value = co_await link.ask_store<int>(
        [](auto done) { std::thread([done = std::move(done)]() mutable { done(true); }).detach(); },
        [&](bool told) { return convert(told); });
    http->respond({.status = value});
}

TEST_F(CoreLinkTest, AHandlerGoesOnWithTheAnswerOfTheStore) {
    expect_200([this](Http http) { ask_store(link, std::move(http), [](bool told) { return told ? 200 : 503; }); });
}

TEST_F(CoreLinkTest, AnAnswerOfTheStoreThatThrowsIsAnswered500) {
    expect_500([this](Http http) { ask_store(link, std::move(http), [](bool) -> int { fail(); }); }, TaskThread::store);
}

TEST_F(CoreLinkTest, AHandlerThatNobodyResumesEndsWithItsThreads) {
    std::promise<std::thread::id> destroyed_on;
    {
        net::IoThread other(1, {});
        CoreLink unanswered(other, core_thread);
        watch(unanswered, std::make_shared<net::HttpExchange>(nullptr, net::HttpRequest{}), destroyed_on);
    }
    EXPECT_EQ(destroyed_on.get_future().wait_for(std::chrono::seconds(0)), std::future_status::ready);
}

}  // namespace
}  // namespace globes::api
