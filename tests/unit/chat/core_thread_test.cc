#include "chat/core_thread.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace globes::chat {
namespace {

TEST(CoreThread, RunsPostedTasksInOrderOnOneThreadOfItsOwn) {
    std::vector<int> ran;
    std::vector<std::thread::id> threads;
    CoreThread core;
    core.start([] {});
    for (int i = 0; i < 1'000; ++i)
        core.post([&, i] {
            ran.push_back(i);
            threads.push_back(std::this_thread::get_id());
        });
    core.stop();
    ASSERT_EQ(ran.size(), 1'000U);
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
    EXPECT_NE(threads.front(), std::this_thread::get_id());
    for (const std::thread::id id : threads) EXPECT_EQ(id, threads.front());
}

TEST(CoreThread, EndsABatchWhenAllQueuedTasksHaveRun) {
    std::string order;
    std::latch is_busy{1};
    std::latch may_go_on{1};
    CoreThread core;
    core.start([&] { order += 'e'; });
    core.post([&] {
        is_busy.count_down();
        may_go_on.wait();
        order += '1';
    });
    is_busy.wait();
    for (int i = 0; i < 5; ++i) core.post([&] { order += '2'; });
    may_go_on.count_down();
    core.stop();
    EXPECT_TRUE(order == "1e22222e" || order == "1e22222ee") << order;  // The stop may be a batch of its own.
}

TEST(CoreThread, ATaskOrAnEndOfBatchThatThrowsDoesNotEndIt) {
    int ends = 0;
    std::string ran;
    CoreThread core;
    core.start([&] {
        if (++ends == 1) throw std::runtime_error("broken");
    });
    const std::uint64_t failed = failed_tasks(TaskThread::core);
    std::promise<void> is_first_batch_over;
    core.post([] { throw std::runtime_error("broken"); });
    core.post([&] { ran += '1'; });
    core.post([&] { core.post([&] { is_first_batch_over.set_value(); }); });
    is_first_batch_over.get_future().wait();
    core.stop();
    EXPECT_EQ(ran, "1");
    EXPECT_EQ(failed_tasks(TaskThread::core), failed + 2);
}

TEST(CoreThread, WakesForEveryTaskThatArrivesWhileItSleeps) {
    CoreThread core;
    core.start([] {});
    for (int i = 0; i < 100; ++i) {
        std::promise<void> ran;
        core.post([&] { ran.set_value(); });
        ran.get_future().wait();
    }
}

TEST(CoreThread, ABatchOfTasksKeepsItsOrder) {
    std::string order;
    CoreThread core;
    core.start([] {});
    TaskBatch batch;
    for (const char c : std::string("abc")) batch.add([&, c] { order += c; });
    core.post(std::move(batch));
    core.post([&] { order += 'd'; });
    core.stop();
    EXPECT_EQ(order, "abcd");
}

TEST(CoreThread, TasksMayPostTasks) {
    std::promise<std::string> done;
    std::string order;
    CoreThread core;
    core.start([&] { order += 'e'; });
    core.post([&] {
        order += '1';
        core.post([&] { done.set_value(order + '2'); });
        order += '.';
    });
    EXPECT_EQ(done.get_future().get(), "1.e2") << "in a later batch than the task that posted it";
}

TEST(CoreThread, KeepsTheOrderOfEachOfManyThreads) {
    constexpr std::size_t kThreads = 4;
    constexpr int kTasks = 5'000;
    // Only the core thread may use it; otherwise ThreadSanitizer reports it.
    std::array<int, kThreads> next{};
    bool in_order = true;
    std::size_t batches = 0;
    CoreThread core;
    core.start([&] { ++batches; });
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < kTasks; ++i) {
                const auto task = [&, thread, i] { in_order &= next[thread]++ == i; };
                if (i % 3 == 0) {
                    TaskBatch batch;
                    batch.add(task);
                    core.post(std::move(batch));
                } else {
                    core.post(task);
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    core.stop();
    for (const int count : next) EXPECT_EQ(count, kTasks);
    EXPECT_TRUE(in_order);
    EXPECT_GE(batches, 1U);
}

TEST(CoreThread, BytesOfEventsAreBoundedOverAllThreads) {
    CoreThread core;
    EXPECT_FALSE(core.reserve(CoreThread::kQueuedEventBytes + 1));
    ASSERT_TRUE(core.reserve(CoreThread::kQueuedEventBytes - 10));
    EXPECT_FALSE(core.reserve(11));
    EXPECT_TRUE(core.reserve(10)) << "refused bytes are not counted";
    EXPECT_FALSE(core.reserve(1));
    core.release(1);
    EXPECT_TRUE(core.reserve(1));
}

TEST(CoreThread, ReservationsOfManyThreadsAddUp) {
    constexpr std::size_t kThreads = 4;
    constexpr std::size_t kBytes = CoreThread::kQueuedEventBytes / 1'000;
    CoreThread core;
    std::array<std::size_t, kThreads> reserved{};
    std::vector<std::thread> threads;
    for (std::size_t& count : reserved) {
        threads.emplace_back([&core, &count] {
            for (int i = 0; i < 500; ++i) count += core.reserve(kBytes) ? 1 : 0;
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::size_t sum = 0;
    for (const std::size_t count : reserved) sum += count;
    EXPECT_EQ(sum, 1'000U) << "2,000 were tried, and the limit is enough for 1,000";
    EXPECT_FALSE(core.reserve(kBytes));
    core.release(sum * kBytes);
    EXPECT_TRUE(core.reserve(CoreThread::kQueuedEventBytes));
}

TEST(CoreThread, ReportsItsLongestPause) {
    using std::chrono::steady_clock;
    CoreThread core;
    EXPECT_EQ(core.longest_pause_us(), 0);
    core.start([] {});
    const auto begin = steady_clock::now();
    std::promise<void> done;
    core.post([&] {
        const auto end = steady_clock::now() + std::chrono::milliseconds(5);
        while (steady_clock::now() < end) {
        }
        done.set_value();
    });
    done.get_future().wait();
    core.stop();  // a short batch of its own
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
    EXPECT_GE(core.longest_pause_us(), 5'000);
    EXPECT_LE(core.longest_pause_us(), took.count());
}

TEST(CoreThread, StoppingTwiceOrWithoutAStartDoesNothing) {
    CoreThread never_started;
    never_started.stop();
    CoreThread core;
    core.start([] {});
    core.stop();
    core.stop();
}

TEST(CoreThread, TasksAfterTheStopAreFreedWithoutRunning) {
    const auto held = std::make_shared<int>(0);
    bool ran = false;
    {
        CoreThread core;
        core.start([] {});
        core.stop();
        core.post([held, &ran] { ran = true; });
    }
    EXPECT_FALSE(ran);
    EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace globes::chat
