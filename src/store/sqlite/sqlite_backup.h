// A backup of a SQLite file, made while a server may write to it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace globes::store {

/// Called after each step, with pages of the database.
using BackupProgress = std::function<void(std::uint64_t copied, std::uint64_t all)>;

/// Copies the database `file`, in its current state, to `target`, an empty file. Does not delay commits, which go to a
/// WAL that grows until the copy is complete. `target` is not synced, and unusable if this throws. Blocks. Throws
/// std::runtime_error with a message for the operator, which names a file.
void back_up_sqlite(const std::filesystem::path& file, const std::filesystem::path& target,
                    const BackupProgress& on_step);

}  // namespace globes::store
