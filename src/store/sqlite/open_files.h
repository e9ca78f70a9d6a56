// The database's files as this process has opened them: the database, its write-ahead log and that one's index. A
// commit into a file that was removed, replaced or cut off would be gone at the next start, so the store asks here
// before each one. Owned by the store; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file_identity.h"
#include "base/mutex.h"

namespace globes::store {

class OpenFiles {
public:
    /// After the database was opened, and while a connection keeps it open. Throws std::runtime_error that names a file
    /// if one is gone already.
    explicit OpenFiles(const std::filesystem::path& database);

    /// Whether each name still stands for the file that was opened. A few microseconds on a local disk. What was moved
    /// away and comes back is good again. Logs when the first is lost, and when all are back.
    bool are_in_place();
    /// How long two of them must be, as SQLite knows. Asked only where one has become shorter, which other programs may
    /// do too (VACUUM, a checkpoint that truncates). May throw if a file is broken.
    struct Lengths {
        std::function<std::uint64_t()> database;
        std::function<std::uint64_t()> wal;
    };
    /// The same for the writer, which also knows what it has written: `wal_bytes` of write-ahead log.
    bool are_in_place(std::uint64_t wal_bytes, const Lengths& lengths);

private:
    struct File {
        std::filesystem::path path;
        FileIdentity identity;
    };
    enum class State : std::uint8_t { in_place, lost, cut_off };

    using Sizes = std::array<std::uint64_t, 3>;  // in bytes

    /// Both: empty if all is well.
    std::string look(Sizes& sizes) const;
    std::string find_cut_off(const Sizes& sizes, std::uint64_t wal_bytes, const Lengths& lengths);
    void note(State state, const std::string& fault) REQUIRES(mutex_);

    std::vector<File> files_;             // constant after construction
    std::uint64_t longest_database_ = 0;  // the writer only
    Mutex mutex_;
    State state_ GUARDED_BY(mutex_) = State::in_place;  // what the log said last
};

}  // namespace globes::store
