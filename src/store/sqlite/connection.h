// SQLite's C API as C++ values: a connection, its prepared statements, and an exception for failures.
//
// Inside this folder, a failed call of SQLite throws SqliteError; each thread of the store catches it and converts it
// to an answer. One thread at a time uses a Connection or Statement.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "store/sqlite/sqlite_store.h"

namespace globes::store {

class SqliteError : public std::runtime_error {
public:
    /// `code`: an extended result code (SQLITE_…).
    SqliteError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

    /// A rule of the schema or of the port was violated; the database itself is intact.
    bool is_conflict() const { return (code_ & 0xFF) == SQLITE_CONSTRAINT; }
    /// The content of the file is corrupt, or is not a database.
    bool is_corruption() const { return (code_ & 0xFF) == SQLITE_CORRUPT || (code_ & 0xFF) == SQLITE_NOTADB; }

private:
    int code_;
};

/// The place of the database and its durability.
struct Database {
    std::filesystem::path file;
    std::string vfs;  ///< Empty: the system's default.
    Durability durability = Durability::process;
};

class Connection {
public:
    /// `write_unlinked`: the file is not a symbolic link; its folder may be reached by one.
    enum class Access : std::uint8_t { read, write, write_unlinked };

    /// `file` must exist. Throws SqliteError.
    Connection(const Database& database, Access access);

    /// Executes one or more statements without values.
    void run(const std::string& sql);
    sqlite3* handle() const { return handle_.get(); }
    [[noreturn]] void fail() const;

private:
    struct Close {
        // Also if statements still exist, which may be destroyed later.
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };

    std::string name_;
    std::unique_ptr<sqlite3, Close> handle_;
};

inline constexpr std::int64_t kMaxColumnValue = std::numeric_limits<std::int64_t>::max();

/// For a bound that a client may choose freely: rows above the range of a column cannot exist anyway.
inline std::int64_t column_value(std::uint64_t bound) {
    return static_cast<std::int64_t>(std::min(bound, static_cast<std::uint64_t>(kMaxColumnValue)));
}

/// Prepared once, executed often. Its connection must not move while it lives.
class Statement {
public:
    Statement(const Connection& connection, std::string_view sql);

    /// Binds `values` to ?1, ?2 … and executes the statement. Texts are not copied.
    template <class... Values>
    void run(const Values&... values) {
        query([](const Statement&) {}, values...);
    }
    /// The same, and passes each row to `take(statement)`.
    template <class Take, class... Values>
    void query(Take take, const Values&... values) {
        query_while([&](const Statement& row) { return take(row), true; }, values...);
    }
    /// The same, until `take` returns false.
    template <class Take, class... Values>
    void query_while(Take take, const Values&... values) {
        const Reset reset(handle_.get());
        int index = 0;
        (bind(++index, values), ...);
        while (step() && take(std::as_const(*this))) {
        }
    }

    /// Executes a statement without values or rows. Returns SQLITE_OK or an extended result code.
    int try_run() noexcept;

    std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
    /// A column with an unsigned number.
    std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    std::string text(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
    };
    /// Ends the execution, also after a failure, so that no statement keeps a transaction open.
    struct Reset {
        explicit Reset(sqlite3_stmt* statement) : handle(statement) {}
        ~Reset() { sqlite3_reset(handle); }
        Reset(const Reset&) = delete;
        Reset& operator=(const Reset&) = delete;
        sqlite3_stmt* handle;
    };

    void bind(int index, std::int64_t value);
    /// Ids, seqs and epochs all stay below 2^63.
    void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
    void bind(int index, std::string_view value);
    bool step();

    const Connection* connection_;
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

}  // namespace globes::store
