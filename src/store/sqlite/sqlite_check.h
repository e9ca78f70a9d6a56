// Checks of a SQLite file below the port: its pages, its indexes, and rows that no read of the port returns.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace globes::store {

/// Checks all of `file`, in its current state, and returns a line for each fault, at most a few hundred. A server may
/// continue to write meanwhile. Blocks for about the time of reading the file. Throws std::runtime_error with a message
/// for the operator if it cannot check: the file does not exist, is not a database of Globes, or has another schema.
std::vector<std::string> check_sqlite(const std::filesystem::path& file);

}  // namespace globes::store
