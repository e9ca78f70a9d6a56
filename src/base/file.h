// Open files: a descriptor that closes itself, and the identity of a file. Thread: any.
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace globes {

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
