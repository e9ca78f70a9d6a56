// Watches the free space of a file system, so that the server stops storing before the disk is full: a database that
// meets a full disk cannot even delete. Owned by the server.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

#include "base/mutex.h"

namespace globes {

/// Returns the bytes that this user may still write on the file system of `folder`; nullopt if that is not known. May
/// block, as a network disk does. Thread: any that may wait.
std::optional<std::uint64_t> free_disk_bytes(const std::filesystem::path& folder);

/// Whether the disk has too little free space. It has enough again with an eighth more than `least`, so that the state
/// does not change with each message. A state machine without I/O.
class DiskLevel {
public:
    explicit DiskLevel(std::uint64_t least) : least_(least) {}

    /// Returns whether the state has changed.
    bool note(std::uint64_t free) {
        const bool was_low = is_low_;
        is_low_ = free < (was_low ? least_ + least_ / 8 : least_);
        return is_low_ != was_low;
    }
    bool is_low() const { return is_low_; }

private:
    const std::uint64_t least_;
    bool is_low_ = false;
};

class DiskWatch {
public:
    /// Looks at the file system of `folder` now, and then once in `kInterval` on a thread of its own. Logs each change,
    /// and calls `on_change(is_low)` on the thread that has looked. If the free space is not known, nothing changes.
    /// `least`: the bytes that have to be free.
    DiskWatch(std::filesystem::path folder, std::uint64_t least, std::function<void(bool)> on_change);
    /// Ends the thread.
    ~DiskWatch() = default;
    DiskWatch(const DiskWatch&) = delete;
    DiskWatch& operator=(const DiskWatch&) = delete;

    static constexpr std::chrono::seconds kInterval{1};

private:
    void look();
    void run(const std::stop_token& stop);

    const std::filesystem::path folder_;
    const std::uint64_t least_;
    const std::function<void(bool)> on_change_;
    DiskLevel level_;  // the constructor, then the thread
    Mutex mutex_;
    std::condition_variable_any never_;  // wakes the thread when it stops
    std::jthread thread_;                // last, so that it ends before what it uses
};

}  // namespace globes
