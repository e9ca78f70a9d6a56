#include "base/file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace globes {
namespace {

std::optional<FileState> state_from(int result, const struct stat& status) {
    if (result != 0) return std::nullopt;
    return FileState{.identity = {.device = status.st_dev, .inode = status.st_ino},
                     .bytes = static_cast<std::uint64_t>(status.st_size)};
}

}  // namespace

FileDescriptor::~FileDescriptor() {
    if (fd_ < 0) return;
    const int error = errno;
    ::close(fd_);
    errno = error;
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void make_private_folder(const std::filesystem::path& folder) {
    const auto fail = [](const std::filesystem::path& path, int error) {
        throw std::runtime_error(
            fmt::format("{}: cannot be created: {}", path.string(), std::generic_category().message(error)));
    };
    if (folder.empty()) return;
    if (folder.has_parent_path() && folder.parent_path() != folder) {
        std::error_code error;
        std::filesystem::create_directories(folder.parent_path(), error);
        if (error) fail(folder.parent_path(), error.value());
    }
    if (::mkdir(folder.c_str(), S_IRWXU) == 0) return;
    if (errno != EEXIST) fail(folder, errno);
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored))
        throw std::runtime_error(fmt::format("{}: is not a folder", folder.string()));
}

std::optional<FileState> state_of(const std::filesystem::path& file) {
    struct stat status{};
    return state_from(::stat(file.c_str(), &status), status);
}

std::optional<FileState> state_of(int descriptor) {
    struct stat status{};
    return state_from(::fstat(descriptor, &status), status);
}

}  // namespace globes
