#include "base/thread_owner.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "base/mailbox.h"

#ifndef NDEBUG  // without assertions there is no owner

namespace globes {
namespace {

template <class Call>
void on_another_thread(Call call) {
    std::thread(call).join();
}

TEST(ThreadOwner, TheFirstThreadThatAsksIsTheOwner) {
    const ThreadOwner owner;
    EXPECT_TRUE(owner.is_here());
    EXPECT_TRUE(owner.is_here());
    on_another_thread([&] { EXPECT_FALSE(owner.is_here()); });
    EXPECT_TRUE(owner.is_here());
}

TEST(ThreadOwner, AThreadCanTakeAnObjectOver) {
    ThreadOwner owner;
    EXPECT_TRUE(owner.is_here());
    on_another_thread([&] {
        owner.bind();
        EXPECT_TRUE(owner.is_here());
    });
    EXPECT_FALSE(owner.is_here());
    owner.release();
    EXPECT_TRUE(owner.is_here());
}

/// The dying process starts a thread, which ThreadSanitizer does not allow after a fork of a process with threads.
class ThreadOwnerDeathTest : public testing::Test {
protected:
    ThreadOwnerDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
    ~ThreadOwnerDeathTest() override { GTEST_FLAG_SET(death_test_style, style_); }

private:
    const std::string style_ = GTEST_FLAG_GET(death_test_style);
};

TEST_F(ThreadOwnerDeathTest, AnAssertionEndsTheProcessOnAnotherThread) {
    const ThreadOwner owner;
    GLOBES_ASSERT_ON(owner);
    EXPECT_DEATH(on_another_thread([&] { GLOBES_ASSERT_ON(owner); }), "owner");
}

TEST_F(ThreadOwnerDeathTest, AMailboxHasOneConsumer) {
    Mailbox mailbox;
    mailbox.push([] {});
    mailbox.take().run(TaskThread::core);
    EXPECT_DEATH(on_another_thread([&] { mailbox.take(); }), "consumer_");
}

}  // namespace
}  // namespace globes

#endif
