#include "store/sqlite/open_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <system_error>

#include "base/logging.h"

namespace globes::store {
namespace {

enum FileIndex : std::uint8_t { database_file, wal_file };  // in `files_`
constexpr const char* kSuffixes[] = {"", "-wal", "-shm"};

}  // namespace

FileLock::FileLock(const std::filesystem::path& file) {
    // Beside the file itself, so that two names of it do not have two locks.
    const std::string name = std::filesystem::weakly_canonical(file).string() + ".lock";
    lock_ = FileDescriptor(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock_.is_open()) {
        const int error = errno;
        std::error_code ignored;
        const char* const what = std::filesystem::exists(name, ignored) ? "opened" : "created";
        throw std::runtime_error(
            fmt::format("{}: cannot be {}: {}", name, what, std::generic_category().message(error)));
    }
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return;
    if (errno == EWOULDBLOCK) throw std::runtime_error(fmt::format("{}: another Globes uses it", file.string()));
    throw std::runtime_error(fmt::format("{}: cannot be locked: {}", name, std::generic_category().message(errno)));
}

OpenFiles::OpenFiles(const std::filesystem::path& database) {
    // Like SQLite, which follows links and puts its other files beside the one that it has opened.
    const std::string name = std::filesystem::canonical(database).string();
    for (const char* suffix : kSuffixes) {
        const std::filesystem::path path = name + suffix;
        const auto state = state_of(path);
        if (!state) throw std::runtime_error(fmt::format("{}: was removed while it was opened", path.string()));
        files_.push_back({.path = path, .identity = state->identity});
    }
}

bool OpenFiles::are_in_place() {
    Sizes sizes;
    const std::string fault = look(sizes);
    const MutexLock lock(mutex_);
    // Only the writer can determine whether a truncated file is complete again.
    if (fault.empty() && state_ == State::cut_off) return false;
    note(fault.empty() ? State::in_place : State::lost, fault);
    return fault.empty();
}

bool OpenFiles::are_in_place(std::uint64_t wal_bytes, const Lengths& lengths) {
    Sizes sizes;
    std::string fault = look(sizes);
    State state = fault.empty() ? State::in_place : State::lost;
    if (fault.empty()) {
        fault = find_cut_off(sizes, wal_bytes, lengths);
        if (!fault.empty()) state = State::cut_off;
    }
    const MutexLock lock(mutex_);
    note(state, fault);
    return state == State::in_place;
}

std::string OpenFiles::look(Sizes& sizes) const {
    for (std::size_t i = 0; i < files_.size(); ++i) {
        const File& file = files_[i];
        const auto state = state_of(file.path);
        if (!state) return fmt::format("{}: was removed, or is unreachable", file.path.string());
        if (state->identity != file.identity)
            return fmt::format("{}: was replaced by another file", file.path.string());
        sizes[i] = state->bytes;
    }
    return {};
}

std::string OpenFiles::find_cut_off(const Sizes& sizes, std::uint64_t wal_bytes, const Lengths& lengths) {
    const auto is_cut_off = [&](FileIndex index, std::uint64_t least, const std::function<std::uint64_t()>& length) {
        if (sizes[index] >= least) return false;
        try {
            least = length();
        } catch (const std::exception& error) {
            spdlog::debug("event=store_file_unreadable cause={}", log_value(error.what()));
            return true;
        }
        const auto now = state_of(files_[index].path);  // the query may have extended it
        return !now || now->bytes < least;
    };
    if (is_cut_off(wal_file, wal_bytes, lengths.wal))
        return fmt::format("{}: was truncated", files_[wal_file].path.string());
    if (is_cut_off(database_file, longest_database_, lengths.database))
        return fmt::format("{}: was truncated", files_[database_file].path.string());
    longest_database_ = sizes[database_file];
    return {};
}

void OpenFiles::note(State state, const std::string& fault) {
    const bool was_in_place = state_ == State::in_place;
    state_ = state;
    if (was_in_place && state != State::in_place) spdlog::error("event=store_file_lost cause={}", log_value(fault));
    if (!was_in_place && state == State::in_place) spdlog::info("event=store_file_back");
}

}  // namespace globes::store
