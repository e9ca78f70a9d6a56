// The tables and how they came to be: an ordered list of steps, of which a database remembers those it has taken.
#pragma once

#include <span>

#include "store/sqlite/connection.h"

namespace globes::store {

/// Brings the tables from version `version - 1` to `version`. A step that was released never changes; a change of the
/// tables is a further step.
struct Migration {
    int version;
    const char* sql;
};

/// All of them, from 1 up.
std::span<const Migration> migrations();

/// Takes the steps that `connection`'s database lacks, each in a transaction of its own.
/// Throws SqliteError, and std::runtime_error naming `file` where the database is newer than `steps` or not one of
/// ours.
void migrate(Connection& connection, std::span<const Migration> steps, const std::filesystem::path& file);

/// For who only reads. Throws SqliteError, and std::runtime_error naming `file` where `connection`'s database is not
/// one of ours, or has not taken exactly `steps`.
void require_current(const Connection& connection, std::span<const Migration> steps, const std::filesystem::path& file);

/// A connection that only reads, to a database that is there and whose tables are today's. Throws as `require_current`,
/// also where there is no file.
Connection open_existing(const Database& database);

}  // namespace globes::store
