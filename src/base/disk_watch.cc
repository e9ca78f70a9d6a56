#include "base/disk_watch.h"

#include <spdlog/spdlog.h>
#include <sys/statvfs.h>

#include <utility>

#include "base/process.h"
#include "base/task_boundary.h"

namespace globes {

std::optional<std::uint64_t> free_disk_bytes(const std::filesystem::path& folder) {
    struct statvfs figures{};
    if (::statvfs(folder.c_str(), &figures) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(figures.f_bavail) * figures.f_frsize;
}

DiskWatch::DiskWatch(std::filesystem::path folder, std::uint64_t least, std::function<void(bool)> on_change)
    : folder_(std::move(folder)), least_(least), on_change_(std::move(on_change)), level_(least) {
    look();
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void DiskWatch::look() {
    const auto free = free_disk_bytes(folder_);
    if (!free || !level_.note(*free)) return;
    on_change_(level_.is_low());  // before the line, so that it holds for everything that follows the line
    if (level_.is_low()) {
        spdlog::error(
            "event=disk_low free_bytes={} least_bytes={} reason=\"messages and room changes are refused until "
            "MinFreeDisk "
            "is free again\"",
            *free, least_);
    } else {
        spdlog::info("event=disk_ok free_bytes={}", *free);
    }
}

void DiskWatch::run(const std::stop_token& stop) {
    name_this_thread("disk");
    MutexLock lock(mutex_);
    while (!stop.stop_requested()) {
        never_.wait_for(lock, stop, kInterval, [] { return false; });
        if (!stop.stop_requested()) run_task(TaskThread::worker, [this] { look(); });
    }
}

}  // namespace globes
