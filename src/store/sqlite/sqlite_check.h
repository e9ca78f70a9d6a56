// What can be wrong with a SQLite file below the port: its pages, its indexes, rows that no read of the port would
// show.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace globes::store {

/// Looks through all of `file`, as it is at this moment, and says what is wrong, a line for each fault, at most a few
/// hundred. A server may go on writing meanwhile.
/// Blocks, for about as long as reading the file takes. Throws std::runtime_error with a message for the operator where
/// there is nothing to check: no such file, no database of Globes, or one of another schema.
std::vector<std::string> check_sqlite(const std::filesystem::path& file);

}  // namespace globes::store
