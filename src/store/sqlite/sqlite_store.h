// Rooms and events in one SQLite file (docs/adr/0005-sqlite.md: why a WAL, who checkpoints it, what a failed commit
// means).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "chat/store.h"

namespace globes::store {

/// What a batch survives once it was answered `committed`.
enum class Durability : std::uint8_t {
    process,  ///< kill -9 of the server: the commit is in the operating system's hands.
    power,    ///< Also the loss of power: one fsync for each group of batches.
};

struct SqliteSettings {
    Durability durability = Durability::process;
    chat::StoreLimits limits = {};
    std::size_t reader_threads = 2;
    /// Beyond so many pages of WAL a checkpoint runs beside the commits …
    int checkpoint_pages = 1000;
    /// … and beyond so many, which only commits without a pause reach, the writer completes it and commits wait.
    int max_wal_pages = 8192;
    /// A registered SQLite VFS; empty: the system's own.
    std::string vfs = {};
};

/// Opens `file`, making it (0600), its folder (0700) and its tables where they are not there, and migrating tables of
/// an older schema. Threads of the store: one writer, the readers, one for checkpoints.
///
/// 1. Owns the file: a second store on it is refused, in any process, by a lock on `<file>.lock`.
/// 2. A batch that breaks a rule of the port fails alone; a full disk or an I/O error fails every batch of its group.
/// 3. Where COMMIT itself failed, the writer finds out what became of it before it answers; if that fails too, the
///    answer is `unknown`, and reads of the rooms concerned are not ok until it is settled.
/// 4. Goes on by itself once the disk does.
/// 5. While a file of the database is not in its place (removed, replaced, cut off) batches fail and pings say false,
/// as
///    what is committed then would be gone at the next start. Reads go on from what is open.
/// Blocks. Throws std::runtime_error with a message for the operator, which names the file.
std::unique_ptr<chat::Store> open_sqlite_store(std::filesystem::path file, SqliteSettings settings = {});

}  // namespace globes::store
