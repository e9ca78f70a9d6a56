// A SQLite file read from beside whoever writes it: for exports and checks.
#pragma once

#include <filesystem>
#include <memory>

#include "chat/store.h"

namespace globes::store {

/// Opens `file` as it is at this moment; what is committed later is not seen.
///
/// 1. Takes no claim on the file: a running server goes on as before, apart from its WAL, which grows until this store
///    is gone.  2. Makes no database, changes none and migrates none.  3. Every `append` fails.
/// Blocks. Throws std::runtime_error with a message for the operator, which names the file: it is not there, it is no
/// database of Globes, or one of another schema.
std::unique_ptr<chat::Store> open_sqlite_reader(std::filesystem::path file);

}  // namespace globes::store
