// The tables and their migrations: an ordered list of steps; a database stores which steps were applied. Plain
// functions, for the thread of the connection.
#pragma once

#include <span>

#include "store/sqlite/connection.h"

namespace globes::store {

/// Migrates the tables from version `version - 1` to `version`. A released step never changes; a change of the tables
/// is another step.
struct Migration {
    int version;
    const char* sql;
};

/// All steps, from 1.
std::span<const Migration> migrations();

/// Applies the missing steps, each in its own transaction.
/// Throws SqliteError, and std::runtime_error with the name of `file` if the database is newer than `steps` or does not
/// belong to Globes.
void migrate(Connection& connection, std::span<const Migration> steps, const std::filesystem::path& file);

/// For read-only connections. Throws SqliteError, and std::runtime_error with the name of `file` if the database does
/// not belong to Globes, or has not exactly these `steps`.
void require_current(const Connection& connection, std::span<const Migration> steps, const std::filesystem::path& file);

/// Opens a read-only connection to an existing database with the current tables. Throws as `require_current`, also if
/// the file does not exist.
Connection open_existing(const Database& database);

}  // namespace globes::store
