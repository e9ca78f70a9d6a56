#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <stdexcept>
#include <string>

namespace globes {
namespace {

/// A task that occupies the only thread of a pool until `go_on`. A test waits for a later task before this is
/// destroyed.
class RunningTask {
public:
    explicit RunningTask(WorkerPool& pool, Asker asker = {}) {
        EXPECT_TRUE(pool.try_post(
            [this] {
                running_.count_down();
                go_on_.wait();
            },
            asker));
        running_.wait();
    }
    void go_on() { go_on_.count_down(); }

private:
    std::latch running_{1};
    std::latch go_on_{1};
};

TEST(WorkerPool, RunsTasksOnAThreadOfItsOwn) {
    WorkerPool pool(1, {.queued = 1});
    std::promise<std::thread::id> ran_on;
    ASSERT_TRUE(pool.try_post([&] { ran_on.set_value(std::this_thread::get_id()); }));
    EXPECT_NE(ran_on.get_future().get(), std::this_thread::get_id());
}

TEST(WorkerPool, RunsAsManyTasksAtOnceAsItHasThreads) {
    WorkerPool pool(3, {.queued = 3});
    std::latch all_running(3);
    std::latch all_done(3);
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(pool.try_post([&] {
            all_running.arrive_and_wait();  // Would block forever with fewer threads.
            all_done.count_down();
        }));
    }
    all_done.wait();
}

TEST(WorkerPool, RunsTasksInOrder) {
    WorkerPool pool(1, {.queued = 100});
    std::vector<int> order;
    std::latch done(100);
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(pool.try_post([&, i] {
            order.push_back(i);
            done.count_down();
        }));
    }
    done.wait();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(WorkerPool, ATaskThatThrowsDoesNotEndItsThread) {
    WorkerPool pool(1, {.queued = 2});
    const std::uint64_t failed = failed_tasks(TaskThread::worker);
    std::promise<void> ran;
    ASSERT_TRUE(pool.try_post([] { throw std::runtime_error("broken"); }));
    ASSERT_TRUE(pool.try_post([&] { ran.set_value(); }));
    ran.get_future().wait();
    EXPECT_EQ(failed_tasks(TaskThread::worker), failed + 1);
}

TEST(WorkerPool, ServesAskersRoundRobinAndLimitsEachOfThem) {
    WorkerPool pool(1, {.queued = 100, .queued_of_client = 3});
    RunningTask running(pool, {9, 9});
    std::string order;
    const auto post = [&](char name) {
        const auto number = static_cast<std::uint64_t>(name);
        return pool.try_post([&order, name] { order += name; }, {number, number});
    };
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(post('a'));
    EXPECT_FALSE(post('a'));
    EXPECT_TRUE(post('b'));
    EXPECT_TRUE(post('c'));
    EXPECT_TRUE(post('b'));
    std::promise<void> done;
    ASSERT_TRUE(pool.try_post([] {}, {9, 9}));
    ASSERT_TRUE(pool.try_post([] {}, {9, 9}));
    ASSERT_TRUE(pool.try_post([&] { done.set_value(); }, {9, 9}));
    running.go_on();
    done.get_future().wait();
    EXPECT_EQ(order, "abcaba");
}

TEST(WorkerPool, ServesNetworksRoundRobinAndLimitsEachOfThem) {
    WorkerPool pool(1, {.queued = 100, .queued_of_client = 4, .queued_of_network = 4});
    RunningTask running(pool);
    std::string order;
    std::promise<void> done;
    const auto post = [&](char name, Asker asker) { return pool.try_post([&order, name] { order += name; }, asker); };
    EXPECT_TRUE(post('a', {1, 1}));
    EXPECT_TRUE(post('b', {1, 2}));
    EXPECT_TRUE(post('a', {1, 1}));
    EXPECT_TRUE(post('c', {1, 3}));
    EXPECT_FALSE(post('d', {1, 4})) << "the network has four";
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(post('x', {2, 5}));
    ASSERT_TRUE(pool.try_post([&] { done.set_value(); }, {2, 5}));
    running.go_on();
    done.get_future().wait();
    EXPECT_EQ(order, "axbxcxa");
}

TEST(WorkerPool, RefusesTasksBeyondItsQueueLimit) {
    WorkerPool pool(1, {.queued = 2});
    RunningTask running(pool);  // It is not in the queue any more.
    std::latch done(2);
    EXPECT_TRUE(pool.try_post([&] { done.count_down(); }));
    EXPECT_TRUE(pool.try_post([&] { done.count_down(); }));
    EXPECT_FALSE(pool.try_post([&] { ADD_FAILURE() << "was refused"; }));
    running.go_on();
    done.wait();
    std::promise<void> again;
    EXPECT_TRUE(pool.try_post([&] { again.set_value(); }));
    again.get_future().wait();
}

TEST(WorkerPool, StopWaitsForRunningTasksAndDropsWaitingOnes) {
    WorkerPool pool(1, {.queued = 10});
    std::latch running(1);
    std::promise<void> dropped;
    std::atomic<bool> finished = false;
    ASSERT_TRUE(pool.try_post([&, was_dropped = dropped.get_future()] {
        running.count_down();
        // Ready once stop has destroyed the waiting task, so the rest of this one runs while stop is in progress.
        was_dropped.wait();
        finished = true;
    }));
    running.wait();
    ASSERT_TRUE(pool.try_post([owned = std::move(dropped)] { ADD_FAILURE() << "was to be dropped"; }));
    pool.stop();
    EXPECT_TRUE(finished);
    EXPECT_FALSE(pool.try_post([] { ADD_FAILURE() << "was stopped"; }));
    pool.stop();
}

TEST(WorkerPool, TasksMayPost) {
    WorkerPool pool(1, {.queued = 1});
    std::promise<bool> posted;
    std::promise<void> ran;
    ASSERT_TRUE(pool.try_post([&] { posted.set_value(pool.try_post([&] { ran.set_value(); })); }));
    EXPECT_TRUE(posted.get_future().get());
    ran.get_future().wait();
}

TEST(WorkerPool, FreesATaskBeforeTheNextRunsAndWithoutItsLock) {
    WorkerPool pool(1, {.queued = 2});
    std::latch owned(1);
    std::promise<bool> posted;
    const auto post_when_freed = [&](int* number) {
        delete number;
        posted.set_value(pool.try_post([] {}));  // With the lock, this would be a deadlock.
    };
    std::shared_ptr<int> freed(new int, post_when_freed);
    const std::weak_ptr<int> alive = freed;
    ASSERT_TRUE(pool.try_post([&, kept = std::move(freed)] { owned.wait(); }));
    std::promise<bool> was_free;
    ASSERT_TRUE(pool.try_post([&] { was_free.set_value(alive.expired()); }));
    owned.count_down();
    EXPECT_TRUE(was_free.get_future().get());
    EXPECT_TRUE(posted.get_future().get());
}

}  // namespace
}  // namespace globes
