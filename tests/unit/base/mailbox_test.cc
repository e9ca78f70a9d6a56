#include "base/mailbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace globes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TaskBatch, RunsTasksInTheirOrderOnce) {
    std::vector<int> ran;
    TaskBatch batch;
    for (int i = 1; i <= 3; ++i) batch.add([&ran, i] { ran.push_back(i); });
    EXPECT_FALSE(batch.empty());
    batch.run(TaskThread::io);
    EXPECT_TRUE(batch.empty());
    batch.run(TaskThread::io);
    EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

TEST(TaskBatch, CanBeFilledAgainAfterItRan) {
    std::vector<int> ran;
    TaskBatch batch;
    batch.add([&ran] { ran.push_back(1); });
    batch.run(TaskThread::io);
    batch.add([&ran] { ran.push_back(2); });
    batch.run(TaskThread::io);
    EXPECT_THAT(ran, ElementsAre(1, 2));
}

TEST(TaskBatch, ATaskThatThrowsDoesNotKeepTheNextFromRunning) {
    std::vector<int> ran;
    TaskBatch batch;
    batch.add([] { throw std::runtime_error("broken"); });
    batch.add([&ran] { ran.push_back(2); });
    const std::uint64_t failed = failed_tasks(TaskThread::io);
    batch.run(TaskThread::io);
    EXPECT_THAT(ran, ElementsAre(2));
    EXPECT_EQ(failed_tasks(TaskThread::io), failed + 1);
}

TEST(TaskBatch, FreesEachTaskBeforeTheNextRuns) {
    const auto held = std::make_shared<int>();
    long count_in_second = 0;
    TaskBatch batch;
    batch.add([copy = held] { EXPECT_EQ(copy.use_count(), 2); });
    batch.add([&] { count_in_second = held.use_count(); });
    batch.run(TaskThread::io);
    EXPECT_EQ(count_in_second, 1);
}

TEST(TaskBatch, FreesTasksThatNeverRan) {
    const auto held = std::make_shared<int>();
    {
        TaskBatch batch;
        batch.add([copy = held] { FAIL() << "ran " << copy.use_count(); });
        TaskBatch moved = std::move(batch);
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Mailbox, TellsTheProducerThatItWasEmpty) {
    Mailbox queue;
    EXPECT_FALSE(queue.push(TaskBatch())) << "an empty batch does not wake the consumer";
    EXPECT_TRUE(queue.push([] {}));
    EXPECT_FALSE(queue.push([] {}));
    queue.take();
    EXPECT_TRUE(queue.push([] {}));
}

TEST(Mailbox, ReturnsTasksOldestFirstFromBatchesAndSingleTasks) {
    std::vector<int> ran;
    const auto task = [&ran](int number) { return [&ran, number] { ran.push_back(number); }; };
    Mailbox queue;
    queue.push(task(1));
    TaskBatch batch;
    batch.add(task(2));
    batch.add(task(3));
    queue.push(std::move(batch));
    queue.push(task(4));
    TaskBatch taken = queue.take();
    EXPECT_TRUE(queue.take().empty());
    taken.add(task(5));
    taken.run(TaskThread::io);
    EXPECT_THAT(ran, ElementsAre(1, 2, 3, 4, 5));
}

TEST(Mailbox, TasksMayPushFurtherTasks) {
    std::vector<int> ran;
    Mailbox queue;
    queue.push([&] {
        ran.push_back(1);
        queue.push([&ran] { ran.push_back(2); });
    });
    queue.take().run(TaskThread::io);
    EXPECT_THAT(ran, ElementsAre(1));
    queue.take().run(TaskThread::io);
    EXPECT_THAT(ran, ElementsAre(1, 2));
}

TEST(Mailbox, FreesTasksThatWereNeverTaken) {
    const auto held = std::make_shared<int>();
    {
        Mailbox queue;
        queue.push([copy = held] { FAIL() << "ran " << copy.use_count(); });
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Mailbox, KeepsTheOrderOfEachProducerAndLosesNoTask) {
    constexpr std::size_t kProducers = 4;
    constexpr int kTasks = 5000;
    Mailbox queue;
    std::vector<int> seen(kProducers);
    std::vector<int> out_of_order;

    {
        std::vector<std::jthread> producers;
        producers.reserve(kProducers);
        for (std::size_t producer = 0; producer < kProducers; ++producer) {
            producers.emplace_back([&, producer] {
                for (int number = 0; number < kTasks; ++number) {
                    const bool was_empty = queue.push([&, producer, number] {
                        if (seen[producer]++ != number) out_of_order.push_back(number);
                    });
                    if (was_empty) queue.wake();
                }
            });
        }
        // The consumer sleeps whenever it is ahead: after a lost wake-up, the test would hang here.
        std::size_t total = 0;
        while (total < kProducers * kTasks) {
            queue.wait();
            queue.take().run(TaskThread::io);
            total = 0;
            for (const int count : seen) total += static_cast<std::size_t>(count);
        }
    }
    EXPECT_THAT(out_of_order, IsEmpty());
    EXPECT_THAT(seen, testing::Each(kTasks));
}

}  // namespace
}  // namespace globes
