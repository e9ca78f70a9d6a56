#include "store/sqlite/connection.h"

#include <fmt/format.h>

namespace globes::store {
namespace {

// Other programs may read the file (a backup, the sqlite3 shell); a commit waits for them up to this time.
constexpr int kBusyTimeoutMs = 5000;
// Enough for the upper levels and the busy leaves of the events tree; older pages are in the system's cache.
constexpr int kCacheKib = 16 * 1024;
// A WAL that one large batch has extended is truncated to this size; below it, overwriting is cheaper than extending.
constexpr int kWalBytesKept = 32 << 20;

std::string pragmas(Durability durability) {
    // Memory-mapped reads stay off: a disk error would end the process (SIGBUS) instead of failing the read.
    // secure_delete FAST: deleted messages are overwritten if that needs no additional page writes.
    return fmt::format(
        "PRAGMA synchronous = {}; PRAGMA cache_size = -{}; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0;"
        "PRAGMA temp_store = memory; PRAGMA secure_delete = fast; PRAGMA trusted_schema = off;"
        "PRAGMA journal_size_limit = {}",
        durability == Durability::power ? "full" : "normal", kCacheKib, kWalBytesKept);
}

}  // namespace

Connection::Connection(const Database& database, Access access) : name_(database.file.string()) {
    // Absolute, because SQLite treats a name that begins with `file:` as a URI.
    std::filesystem::path path = std::filesystem::absolute(database.file);
    int flags = SQLITE_OPEN_NOMUTEX | (access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    if (access == Access::write_unlinked) {
        // SQLite then refuses links in the whole path.
        path = std::filesystem::canonical(path.parent_path()) / path.filename();
        flags |= SQLITE_OPEN_NOFOLLOW;
    }
    sqlite3* handle = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &handle, flags, database.vfs.empty() ? nullptr : database.vfs.c_str());
    handle_.reset(handle);  // Even after most failures the handle exists and must be closed.
    if (handle == nullptr) throw SqliteError(code, fmt::format("{}: {}", name_, sqlite3_errstr(code)));
    if (code != SQLITE_OK) fail();
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyTimeoutMs);
    run(pragmas(database.durability));
}

void Connection::run(const std::string& sql) {
    if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

void Connection::fail() const {
    const int code = sqlite3_extended_errcode(handle());
    // SQLite's message does not distinguish the database from the files beside it.
    const char* hint = "";
    if ((code & 0xFF) == SQLITE_CANTOPEN) hint = "; its folder must be writable, even for reading";
    // Only for the log, if its index belongs to a process that has another log open.
    if (code == SQLITE_IOERR_SHORT_READ)
        hint = "; its -wal file was removed or replaced while a server uses it: stop the server, and restore the files";
    throw SqliteError(code, fmt::format("{}: {} (SQLite error {}){}", name_, sqlite3_errmsg(handle()), code, hint));
}

Statement::Statement(const Connection& connection, std::string_view sql) : connection_(&connection) {
    sqlite3_stmt* handle = nullptr;
    const int code = sqlite3_prepare_v3(connection.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) connection.fail();
}

int Statement::try_run() noexcept {
    sqlite3_step(handle_.get());
    return sqlite3_reset(handle_.get());
}

std::string Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
    return bytes == nullptr ? std::string() : std::string(bytes, size);
}

void Statement::bind(int index, std::int64_t value) {
    if (sqlite3_bind_int64(handle_.get(), index, value) != SQLITE_OK) connection_->fail();
}

void Statement::bind(int index, std::string_view value) {
    if (sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
        connection_->fail();
}

bool Statement::step() {
    switch (sqlite3_step(handle_.get())) {
        case SQLITE_ROW:
            return true;
        case SQLITE_DONE:
            return false;
        default:
            connection_->fail();
    }
}

}  // namespace globes::store
