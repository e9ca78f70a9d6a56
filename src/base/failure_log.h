// Logs that an operation has begun to fail, and that it works again. Reads of one damaged room may fail between those
// of others that succeed, so a failure is logged once in a while only. Any thread.
#pragma once

#include <chrono>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"

namespace globes {

class FailureLog {
public:
    using Time = std::chrono::steady_clock::time_point;
    /// Logs the cause, or that the operation works again. If this throws, the line is lost.
    struct Lines {
        void (*failed)(std::string_view cause);
        void (*recovered)();
    };

    explicit FailureLog(Lines lines) : lines_(lines) {}
    /// For the reads of a store.
    static Lines store_reads();

    /// Logs the cause, unless the last one was logged less than kInterval ago or the operation has not worked since.
    void note_failure(std::string_view cause, Time now = std::chrono::steady_clock::now()) noexcept;
    /// Logs that the operation works again, if the failure before was logged.
    void note_success() noexcept;

    static constexpr std::chrono::seconds kInterval{10};

private:
    const Lines lines_;
    Mutex mutex_;
    bool is_logged_ GUARDED_BY(mutex_) = false;  // the failure that is going on
    Time quiet_until_ GUARDED_BY(mutex_) = Time::min();
};

}  // namespace globes
