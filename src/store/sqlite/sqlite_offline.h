// Operations on a SQLite file without the server's store, which may be writing to it meanwhile: read, check, back up.
// For the maintenance commands, on the main thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/store.h"

namespace globes::store {

/// Opens `file` in its current state; later commits are not visible.
///
/// - Takes no lock on the file: a running server continues, but its WAL grows while this store lives.
/// - Creates, changes and migrates no database.
/// - Every `append` fails.
///
/// Blocks. Throws std::runtime_error with a message for the operator, which names the file: it does not exist, is not a
/// database of Globes, or has another schema.
std::unique_ptr<chat::Store> open_sqlite_reader(std::filesystem::path file);

/// Checks all of `file`, in its current state, and returns a line for each fault, at most a few hundred. A server may
/// continue to write meanwhile. Blocks for about the time of reading the file. Throws std::runtime_error with a message
/// for the operator if it cannot check: the file does not exist, is not a database of Globes, or has another schema.
std::vector<std::string> check_sqlite(const std::filesystem::path& file);

/// Called after each step, with pages of the database.
using BackupProgress = std::function<void(std::uint64_t copied, std::uint64_t all)>;

/// Copies the database `file`, in its current state, to `target`, an empty file, not a symbolic link. Does not delay
/// commits, which go to a WAL that grows until the copy is complete. `target` is not synced, and unusable if this
/// throws. Blocks. Throws std::runtime_error with a message for the operator, which names a file.
void back_up_sqlite(const std::filesystem::path& file, const std::filesystem::path& target,
                    const BackupProgress& on_step);

}  // namespace globes::store
