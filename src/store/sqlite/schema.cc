#include "store/sqlite/schema.h"

#include <fmt/format.h>

#include <exception>
#include <string>

#include "chat/room_record.h"

namespace globes::store {
namespace {

// events: the events of a room are adjacent in the order of their seq. So an append touches one page, a page of history
// is one range, and the oldest and the newest seq are the ends of the range. name_key: the folded name if there is a
// client id, else NULL, which excludes the event from the index of sends.
//
// rooms.purged_seq: the newest purged seq; it and all below are taken. Only purges write it: a last seq that appends
// update would double the pages of a commit.
//
// removals: rooms whose events are still to be removed in steps; they are invisible already.
//
// rooms.salt: the old rows get one each by new_room_salt(), a function that only migrations have. old_keys_until_us: 0
// for rooms that were created with a salt.
//
// meta: next_room_id, and room_changes, which counts the transactions that changed or purged rooms (write_session.h).
constexpr Migration kMigrations[] = {
    {1, R"sql(
CREATE TABLE rooms (
    id            INTEGER PRIMARY KEY,
    title         TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    visibility    INTEGER NOT NULL,
    password_hash TEXT    NOT NULL,
    owned         INTEGER NOT NULL,
    token_epoch   INTEGER NOT NULL,
    retention_s   INTEGER NOT NULL,
    max_events    INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    purged_seq    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE events (
    room_id   INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    color     TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    client_id TEXT    NOT NULL,
    time_us   INTEGER NOT NULL,
    name_key  TEXT,
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sends ON events (room_id, name_key, client_id) WHERE name_key IS NOT NULL;
CREATE TABLE removals (room_id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('next_room_id', 1), ('room_changes', 0);
)sql"},
    {2, R"sql(
ALTER TABLE rooms ADD COLUMN owner_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN salt TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN old_keys_until_us INTEGER NOT NULL DEFAULT 0;
UPDATE rooms SET salt = new_room_salt(), old_keys_until_us = unixepoch() * 1000000;
)sql"},
};

constexpr const char* kVersionTable =
    "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, applied_at_us INTEGER NOT NULL) STRICT";

std::int64_t ask(const Connection& connection, std::string_view sql) {
    std::int64_t answer = 0;
    Statement(connection, sql).query([&](const Statement& row) { answer = row.integer(0); });
    return answer;
}

bool has_tables(const Connection& connection) { return ask(connection, "SELECT count(*) FROM sqlite_schema") > 0; }

bool is_ours(const Connection& connection) {
    return ask(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_versions'") > 0;
}

std::int64_t version_of(const Connection& connection) {
    return ask(connection, "SELECT coalesce(max(version), 0) FROM schema_versions");
}

[[noreturn]] void refuse_foreign(const std::filesystem::path& file) {
    throw std::runtime_error(fmt::format("{}: is not a database of Globes", file.string()));
}

[[noreturn]] void refuse_newer(const std::filesystem::path& file, std::int64_t found, int newest) {
    throw std::runtime_error(fmt::format("{}: was written by a newer Globes (schema {}; this one knows up to {})",
                                         file.string(), found, newest));
}

void new_room_salt(sqlite3_context* call, int /*arguments*/, sqlite3_value** /*values*/) noexcept {
    try {
        const std::string salt = chat::new_room_salt();
        sqlite3_result_text(call, salt.data(), static_cast<int>(salt.size()), SQLITE_TRANSIENT);
    } catch (const std::exception& error) {
        sqlite3_result_error(call, error.what(), -1);
    }
}

/// Makes the functions that the steps call available on this connection.
void add_functions(const Connection& connection) {
    if (sqlite3_create_function_v2(connection.handle(), "new_room_salt", 0, SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                                   new_room_salt, nullptr, nullptr, nullptr) != SQLITE_OK)
        connection.fail();
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

void migrate(Connection& connection, std::span<const Migration> steps, const std::filesystem::path& file) {
    if (!is_ours(connection) && has_tables(connection)) refuse_foreign(file);
    add_functions(connection);
    // One transaction, so that a stop never leaves tables without the version table that identifies them.
    connection.run("BEGIN IMMEDIATE");
    try {
        connection.run(kVersionTable);
        const auto found = version_of(connection);
        const auto newest = steps.back().version;
        if (found > newest) refuse_newer(file, found, newest);
        connection.run("COMMIT");
        for (const Migration& step : steps) {
            if (step.version <= found) continue;
            connection.run("BEGIN IMMEDIATE");
            connection.run(step.sql);
            Statement(connection, "INSERT INTO schema_versions VALUES (?1, unixepoch() * 1000000)")
                .run(std::int64_t{step.version});
            connection.run("COMMIT");
        }
    } catch (...) {
        if (sqlite3_get_autocommit(connection.handle()) == 0)
            sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
        throw;
    }
}

void require_current(const Connection& connection, std::span<const Migration> steps,
                     const std::filesystem::path& file) {
    if (!is_ours(connection)) refuse_foreign(file);
    const auto found = version_of(connection);
    const auto newest = steps.back().version;
    if (found > newest) refuse_newer(file, found, newest);
    if (found < newest)
        throw std::runtime_error(
            fmt::format("{}: was written by an older Globes (schema {}; this one reads {}); start the server once "
                        "to migrate it",
                        file.string(), found, newest));
}

Connection open_existing(const Database& database) {
    // SQLite's message would not say which file does not exist.
    if (std::error_code ignored; !std::filesystem::exists(database.file, ignored))
        throw std::runtime_error(fmt::format("{}: does not exist", database.file.string()));
    Connection connection(database, Connection::Access::read);
    require_current(connection, migrations(), database.file);
    return connection;
}

}  // namespace globes::store
