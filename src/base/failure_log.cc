#include "base/failure_log.h"

#include <utility>

#include "base/task_boundary.h"

namespace globes {

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
