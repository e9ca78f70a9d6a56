// A read-only view of a SQLite file that a server may be writing to: for exports and checks.
#pragma once

#include <filesystem>
#include <memory>

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

}  // namespace globes::store
