#include "store/sqlite/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace globes::store {

FileLock::FileLock(const std::filesystem::path& file) {
    const std::string name = file.string() + ".lock";
    fd_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0)
        throw std::runtime_error(
            fmt::format("{}: cannot be created: {}", name, std::generic_category().message(errno)));
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
    const int error = errno;
    ::close(fd_);
    if (error == EWOULDBLOCK) throw std::runtime_error(fmt::format("{}: another Globes uses it", file.string()));
    throw std::runtime_error(fmt::format("{}: cannot be locked: {}", name, std::generic_category().message(error)));
}

// The file is kept: removing it would allow two processes to hold locks on two files of that name.
FileLock::~FileLock() { ::close(fd_); }

}  // namespace globes::store
