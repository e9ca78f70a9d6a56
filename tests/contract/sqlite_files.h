// Reads or creates a SQLite file without the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace globes::store {

/// Runs `sql` on a new connection; fails the test if that fails.
void run_sql(const std::filesystem::path& file, const std::string& sql);
/// The number that the query `sql` returns; -1 if it returns no row.
std::int64_t ask_sql(const std::filesystem::path& file, const std::string& sql);

}  // namespace globes::store
