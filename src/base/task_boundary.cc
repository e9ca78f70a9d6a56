#include "base/task_boundary.h"

#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <exception>
#include <iterator>

#include "base/logging.h"

namespace globes {
namespace {

// Global like the log, because tasks do not know their owner.
std::array<std::atomic<std::uint64_t>, std::size(kTaskThreads)> failed;

std::atomic<std::uint64_t>& count_of(TaskThread thread) { return failed[std::to_underlying(thread)]; }

void log_failure(TaskThread thread, std::string_view error) {
    spdlog::error("event=task_failed where={} error={}", name_of(thread), log_value(error));
}

}  // namespace

std::string_view name_of(TaskThread thread) {
    switch (thread) {
        case TaskThread::worker:
            return "worker";
        case TaskThread::core:
            return "core";
        case TaskThread::io:
            return "io";
        case TaskThread::store:
            return "store";
    }
    return {};
}

void note_failed_task(TaskThread thread) noexcept {
    count_of(thread).fetch_add(1, std::memory_order_relaxed);
    try {
        try {
            throw;
        } catch (const std::exception& error) {
            log_failure(thread, error.what());
        } catch (...) {
            log_failure(thread, "unknown");
        }
    } catch (...) {
        return;  // The log line may need memory that is exhausted. The failure is counted.
    }
}

std::uint64_t failed_tasks(TaskThread thread) { return count_of(thread).load(std::memory_order_relaxed); }

}  // namespace globes
