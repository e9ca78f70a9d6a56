#include "maintenance/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file_identity.h"

namespace globes::maintenance {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, std::string_view what) {
    throw std::runtime_error(fmt::format("{}: {}: {}", file.string(), what, std::generic_category().message(errno)));
}

[[noreturn]] void refuse_existing(const std::filesystem::path& file) {
    throw std::runtime_error(fmt::format("{}: exists already; --force overwrites it", file.string()));
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path file, Existing existing)
    : file_(std::move(file)), partial_(file_.string() + ".partial"), existing_(existing) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file_, ignored))
        throw std::runtime_error(fmt::format("{}: is a folder; name a file", file_.string()));
    // Checked before the work starts, and again at its end.
    if (existing == Existing::refuse && std::filesystem::exists(file_, ignored)) refuse_existing(file_);
    fd_ = ::open(partial_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0) fail(partial_, "cannot be created");
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
        const int error = std::exchange(errno, 0);
        ::close(fd_);
        if (error == EWOULDBLOCK)
            throw std::runtime_error(fmt::format("{}: another process is writing it", partial_.string()));
        errno = error;
        fail(partial_, "cannot be locked");
    }
    // The file may be a leftover with other permissions.
    if (::ftruncate(fd_, 0) != 0 || ::fchmod(fd_, 0600) != 0) {
        const int error = errno;
        ::close(fd_);
        errno = error;
        fail(partial_, "cannot be written");
    }
}

OutputFile::~OutputFile() {
    if (!is_finished_) ::unlink(partial_.c_str());
    ::close(fd_);
}

void OutputFile::finish() {
    if (::fsync(fd_) != 0) fail(partial_, "cannot be written");
    const auto written = state_of(fd_);
    const auto named = state_of(partial_);
    if (!written || !named || written->identity != named->identity)
        throw std::runtime_error(fmt::format("{}: was removed or replaced while it was written", partial_.string()));
    // A link does not overwrite a file that was created meanwhile.
    if (existing_ == Existing::refuse) {
        if (::link(partial_.c_str(), file_.c_str()) != 0) {
            if (errno == EEXIST) refuse_existing(file_);
            fail(file_, "cannot be created");
        }
        ::unlink(partial_.c_str());
    } else if (::rename(partial_.c_str(), file_.c_str()) != 0) {
        fail(file_, "cannot be created");
    }
    is_finished_ = true;
    const auto folder = std::filesystem::absolute(file_).parent_path();
    const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_synced = folder_fd >= 0 && ::fsync(folder_fd) == 0;
    if (folder_fd >= 0) ::close(folder_fd);
    if (!is_synced) fail(folder, "cannot be synced");
}

}  // namespace globes::maintenance
