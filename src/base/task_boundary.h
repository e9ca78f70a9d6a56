// The boundary of a task. A thread that runs the tasks of other threads catches, logs and counts their exceptions, and
// continues with the next task.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace globes {

/// The kind of thread that runs a task; `where` in the log and in the metric.
enum class TaskThread : std::uint8_t {
    worker,
    core,
    io,
    store,  ///< The thread of the store that calls back.
};
inline constexpr TaskThread kTaskThreads[] = {TaskThread::worker, TaskThread::core, TaskThread::io, TaskThread::store};

std::string_view name_of(TaskThread thread);

/// Logs and counts the exception that is being handled. Precondition: called in a catch block. Thread: any.
void note_failed_task(TaskThread thread) noexcept;

/// The number of tasks that have failed since the process started. Thread: any.
std::uint64_t failed_tasks(TaskThread thread);

/// Runs `task()` and discards its result; false if it threw.
template <class Task>
bool run_task(TaskThread thread, Task&& task) noexcept {
    try {
        std::forward<Task>(task)();
        return true;
    } catch (...) {
        note_failed_task(thread);
        return false;
    }
}

}  // namespace globes
