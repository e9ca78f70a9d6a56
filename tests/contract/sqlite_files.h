// A SQLite file looked at, or made, from beside the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace globes::store {

/// Carries out `sql` on a connection of its own; fails the test if that fails.
void run_sql(const std::filesystem::path& file, const std::string& sql);
/// The number that `sql` asks for; -1 if there is none.
std::int64_t ask_sql(const std::filesystem::path& file, const std::string& sql);

}  // namespace globes::store
