// The lock of one process on a store's file.
#pragma once

#include <filesystem>

namespace globes::store {

/// Holds `<file>.lock` while it lives; the kernel releases it with the process, however that ends.
class FileLock {
public:
    /// Throws std::runtime_error if another process holds the lock, or if it cannot be created.
    explicit FileLock(const std::filesystem::path& file);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

private:
    int fd_;
};

}  // namespace globes::store
