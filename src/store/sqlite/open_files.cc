#include "store/sqlite/open_files.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <stdexcept>

#include "base/log.h"

namespace globes::store {
namespace {

enum Place : std::size_t { kDatabase, kWal };  // in `files_`
constexpr const char* kSuffixes[] = {"", "-wal", "-shm"};

}  // namespace

OpenFiles::OpenFiles(const std::filesystem::path& database) {
    for (const char* suffix : kSuffixes) {
        // Absolute, as the names that SQLite opened.
        const std::filesystem::path path = std::filesystem::absolute(database).string() + suffix;
        const auto state = state_of(path);
        if (!state) throw std::runtime_error(fmt::format("{}: was removed while it was opened", path.string()));
        files_.push_back({.path = path, .identity = state->identity});
    }
}

bool OpenFiles::are_in_place() {
    const std::string fault = find_lost();
    const std::lock_guard lock(mutex_);
    // Only the writer can tell whether what was cut off is whole again.
    if (fault.empty() && state_ == State::cut_off) return false;
    note(fault.empty() ? State::in_place : State::lost, fault);
    return fault.empty();
}

bool OpenFiles::are_in_place(std::uint64_t wal_bytes, const Lengths& lengths) {
    std::string fault = find_lost();
    State state = fault.empty() ? State::in_place : State::lost;
    if (fault.empty()) {
        fault = find_cut_off(wal_bytes, lengths);
        if (!fault.empty()) state = State::cut_off;
    }
    const std::lock_guard lock(mutex_);
    note(state, fault);
    return state == State::in_place;
}

std::string OpenFiles::find_lost() {
    for (const File& file : files_) {
        const auto state = state_of(file.path);
        if (!state) return fmt::format("{}: was removed, or cannot be reached", file.path.string());
        if (state->identity != file.identity)
            return fmt::format("{}: was replaced by another file", file.path.string());
    }
    return {};
}

std::string OpenFiles::find_cut_off(std::uint64_t wal_bytes, const Lengths& lengths) {
    const auto is_cut_off = [this](Place place, std::uint64_t least, const std::function<std::uint64_t()>& length) {
        const auto bytes = [&] {
            const auto state = state_of(files_[place].path);
            return state ? state->bytes : 0;
        };
        if (bytes() >= least) return false;
        try {
            least = length();
        } catch (const std::exception& error) {
            spdlog::debug("event=store_file_unreadable cause={}", log_value(error.what()));
            return true;
        }
        return bytes() < least;
    };
    if (is_cut_off(kWal, wal_bytes, lengths.wal)) return fmt::format("{}: was cut off", files_[kWal].path.string());
    if (is_cut_off(kDatabase, longest_database_, lengths.database))
        return fmt::format("{}: was cut off", files_[kDatabase].path.string());
    const auto database = state_of(files_[kDatabase].path);
    if (database) longest_database_ = database->bytes;
    return {};
}

/// Under the mutex.
void OpenFiles::note(State state, const std::string& fault) {
    const bool was_in_place = state_ == State::in_place;
    state_ = state;
    if (was_in_place && state != State::in_place) spdlog::error("event=store_file_lost cause={}", log_value(fault));
    if (!was_in_place && state == State::in_place) spdlog::info("event=store_file_back");
}

}  // namespace globes::store
