#include "base/file.h"

#include <sys/stat.h>

namespace globes {
namespace {

std::optional<FileState> state_from(int result, const struct stat& status) {
    if (result != 0) return std::nullopt;
    return FileState{.identity = {.device = status.st_dev, .inode = status.st_ino},
                     .bytes = static_cast<std::uint64_t>(status.st_size)};
}

}  // namespace

std::optional<FileState> state_of(const std::filesystem::path& file) {
    struct stat status{};
    return state_from(::stat(file.c_str(), &status), status);
}

std::optional<FileState> state_of(int descriptor) {
    struct stat status{};
    return state_from(::fstat(descriptor, &status), status);
}

}  // namespace globes
