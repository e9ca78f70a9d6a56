#include "base/task_boundary.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "base/logging.h"

namespace globes {
namespace {

using testing::HasSubstr;

/// What a task that runs on `thread` leaves in the log.
template <class Task>
std::string logged(TaskThread thread, Task task) {
    testing::internal::CaptureStderr();
    {
        const Logging logging(LogLevel::info);
        EXPECT_FALSE(run_task(thread, task));
    }
    return testing::internal::GetCapturedStderr();
}

TEST(RunTask, AnExceptionIsLoggedAndCountedForItsKindOfThread) {
    const std::uint64_t workers = failed_tasks(TaskThread::worker);
    const std::uint64_t cores = failed_tasks(TaskThread::core);
    EXPECT_THAT(logged(TaskThread::core, [] { throw std::runtime_error("no \"luck\""); }),
                HasSubstr(R"(level=error event=task_failed where=core error="no \"luck\"")"));
    EXPECT_EQ(failed_tasks(TaskThread::core), cores + 1);
    EXPECT_EQ(failed_tasks(TaskThread::worker), workers);
}

TEST(RunTask, CatchesExceptionsOfAnyType) {
    EXPECT_THAT(logged(TaskThread::worker, [] { throw 7; }), HasSubstr("event=task_failed where=worker error=unknown"));
}

TEST(RunTask, ATaskThatReturnsIsNotCounted) {
    const std::uint64_t failed = failed_tasks(TaskThread::io);
    EXPECT_TRUE(run_task(TaskThread::io, [] { return 1; }));
    EXPECT_EQ(failed_tasks(TaskThread::io), failed);
}

TEST(RunTask, EachKindOfThreadHasItsName) {
    EXPECT_EQ(name_of(TaskThread::io), "io");
    EXPECT_EQ(name_of(TaskThread::store), "store");
}

}  // namespace
}  // namespace globes
