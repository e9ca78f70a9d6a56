// The files of the open database and its lock. Owned by the store. Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"

namespace globes::store {

/// Holds `<file>.lock` while it lives; the kernel releases it with the process, however that ends. The lock file is
/// kept: its removal would allow two processes to hold locks on two files of that name.
class FileLock {
public:
    /// Throws std::runtime_error if another process holds the lock, or if it cannot be created.
    explicit FileLock(const std::filesystem::path& file);

private:
    FileDescriptor lock_;
};

/// The database, its write-ahead log and the index of the log. A commit into a file that was removed, replaced or
/// truncated would be lost at the next start, so the store checks them before each commit. Thread: any.
class OpenFiles {
public:
    /// To be called after the database was opened, while a connection keeps it open. Throws std::runtime_error with the
    /// name of a file that was removed already.
    explicit OpenFiles(const std::filesystem::path& database);

    /// Whether each name still refers to the file that was opened. Takes a few microseconds on a local disk. A file
    /// that was moved away and returns is accepted again. Logs the loss of the first file, and the return of all.
    bool are_in_place();
    /// The required lengths of two of them, from SQLite. Called only if a file has become shorter, which other programs
    /// may cause too (VACUUM, a checkpoint that truncates). May throw if a file is corrupt.
    struct Lengths {
        std::function<std::uint64_t()> database;
        std::function<std::uint64_t()> wal;
    };
    /// The same check for the writer, which also knows how much it has written: `wal_bytes` of write-ahead log.
    bool are_in_place(std::uint64_t wal_bytes, const Lengths& lengths);

private:
    struct File {
        std::filesystem::path path;
        FileIdentity identity;
    };
    enum class State : std::uint8_t { in_place, lost, cut_off };

    using Sizes = std::array<std::uint64_t, 3>;  // in bytes

    /// Both checks: empty if the files are in place.
    std::string look(Sizes& sizes) const;
    std::string find_cut_off(const Sizes& sizes, std::uint64_t wal_bytes, const Lengths& lengths);
    void note(State state, const std::string& fault) REQUIRES(mutex_);

    std::vector<File> files_;             // constant after construction
    std::uint64_t longest_database_ = 0;  // the writer only
    Mutex mutex_;
    State state_ GUARDED_BY(mutex_) = State::in_place;  // what the log said last
};

}  // namespace globes::store
