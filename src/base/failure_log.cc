#include "base/failure_log.h"

#include <utility>

namespace globes {

void FailureLog::note_failure(std::string_view cause, Time now) {
    {
        const MutexLock lock(mutex_);
        if (is_logged_ || now < quiet_until_) return;
        is_logged_ = true;
        quiet_until_ = now + kInterval;
    }
    lines_.failed(cause);
}

void FailureLog::note_success() {
    {
        const MutexLock lock(mutex_);
        if (!std::exchange(is_logged_, false)) return;
    }
    lines_.recovered();
}

}  // namespace globes
