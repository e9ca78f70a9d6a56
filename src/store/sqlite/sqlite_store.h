// Rooms and events in one SQLite file (docs/adr/0005-sqlite.md explains the WAL, checkpoints, and the meaning of a
// failed commit). The caller owns the store; any thread calls it, as the port says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "chat/store.h"

namespace globes::store {

/// What a batch survives after the answer `committed`.
enum class Durability : std::uint8_t {
    process,  ///< The end of the server process, including kill -9: the operating system has the commit.
    power,    ///< Also a power failure: one fsync for each group of batches.
};

struct SqliteSettings {
    Durability durability = Durability::process;
    chat::StoreLimits limits = {};
    /// Threads that read pages of history; lookups and pings have one more.
    std::size_t reader_threads = 2;
    /// From this number of WAL pages on, a checkpoint runs in parallel with the commits.
    int checkpoint_pages = 1000;
    /// From this number on, which only continuous commits reach, the writer completes the checkpoint and commits wait.
    int max_wal_pages = 8192;
    /// A registered SQLite VFS; empty: the system's default.
    std::string vfs = {};
};

/// Opens `file`. Creates the file (0600), its folder (0700) and its tables if they do not exist, and migrates tables of
/// an older schema. Threads of the store: one writer, the readers, one for checkpoints.
///
/// - Owns the file: a lock on `<file>.lock` refuses a second store on it, in any process.
/// - A batch that violates a rule of the port fails alone; a full disk or an I/O error fails every batch of its group.
/// - If COMMIT itself failed, the writer determines the outcome before it answers. If that fails too, the outcome is
/// `unknown`, and reads of the rooms concerned are not ok until it is settled.
/// - Recovers without a restart when the disk does.
/// - While a file of the database is removed, replaced or truncated, batches fail and pings return false, because a
/// commit would be lost at the next start. Reads continue from the open files.
///
/// Blocks. Throws std::runtime_error with a message for the operator, which names the file.
std::unique_ptr<chat::Store> open_sqlite_store(std::filesystem::path file, SqliteSettings settings = {});

/// The memory of the heap that SQLite uses for all connections of the process. Most of it are pages: at most 16 MiB for
/// each connection. Thread: any.
std::uint64_t sqlite_allocated_bytes();

}  // namespace globes::store
