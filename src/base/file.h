// Open files: a descriptor that closes itself, and the identity of a file; private folders. Thread: any.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

namespace globes {

/// Owns an open descriptor and closes it.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    /// Does not change `errno`.
    ~FileDescriptor();

    /// -1 if nothing is open.
    int get() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// Writes all of `bytes`. Returns false with `errno` after a failure.
bool write_all(int descriptor, std::string_view bytes);

/// Creates a folder for this user only (mode 0700), and its parents with the usual mode. A folder that exists keeps its
/// mode. Throws std::runtime_error with the name of a folder that cannot be created.
void make_private_folder(const std::filesystem::path& folder);

/// Identifies a file regardless of its name, to detect that a name refers to another file or to no file.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct FileState {
    FileIdentity identity;
    std::uint64_t bytes = 0;
};

/// Empty if the file does not exist or cannot be examined.
std::optional<FileState> state_of(const std::filesystem::path& file);
std::optional<FileState> state_of(int descriptor);

}  // namespace globes
