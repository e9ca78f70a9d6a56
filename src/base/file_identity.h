// Which file it is, whatever its name: to notice that a name stands for another file, or for none. Any thread.
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

/// Nothing if there is no such file, or if it cannot be found out.
std::optional<FileState> state_of(const std::filesystem::path& file);
std::optional<FileState> state_of(int descriptor);

}  // namespace globes
