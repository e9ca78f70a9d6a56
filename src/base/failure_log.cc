#include "base/failure_log.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "base/logging.h"
#include "base/task_boundary.h"

namespace globes {

FailureLog::Lines FailureLog::store_reads() {
    return {
        .failed = [](std::string_view cause) { spdlog::error("event=store_read_failed cause={}", log_value(cause)); },
        .recovered = [] { spdlog::info("event=store_read_recovered"); }};
}

void FailureLog::note_failure(std::string_view cause, Time now) noexcept {
    {
        const MutexLock lock(mutex_);
        if (is_logged_ || now < quiet_until_) return;
        is_logged_ = true;
        quiet_until_ = now + kInterval;
    }
    run_task(TaskThread::store, [&] { lines_.failed(cause); });
}

void FailureLog::note_success() noexcept {
    {
        const MutexLock lock(mutex_);
        if (!std::exchange(is_logged_, false)) return;
    }
    run_task(TaskThread::store, lines_.recovered);
}

}  // namespace globes
