// The claim of one process on a store's file.
#pragma once

#include <filesystem>

namespace globes::store {

/// Holds `<file>.lock` for as long as it lives; the kernel lets go of it with the process, however that ends.
class FileLock {
public:
    /// Throws std::runtime_error if someone else holds it, or if it can't be made.
    explicit FileLock(const std::filesystem::path& file);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

private:
    int fd_;
};

}  // namespace globes::store
