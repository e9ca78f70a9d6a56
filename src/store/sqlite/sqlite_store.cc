#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/open_files.h"
#include "store/sqlite/read_session.h"
#include "store/sqlite/reader_pool.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/writer.h"

namespace globes::store {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
    std::error_code ignored;
    const char* const what = std::filesystem::exists(path, ignored) ? "opened" : "created";
    throw std::runtime_error(
        fmt::format("{}: cannot be {}: {}", path.string(), what, std::generic_category().message(error)));
}

/// SQLite creates the WAL and its index with the mode of the file.
void make_file(const std::filesystem::path& file) {
    const FileDescriptor created(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!created.is_open()) fail(file, errno);
}

FileLock claim(const std::filesystem::path& file) {
    make_private_folder(file.parent_path());
    return FileLock(file);
}

Connection open_database(const Database& database) {
    make_file(database.file);
    Connection connection(database, Connection::Access::write);
    // For a new file; the default. 1, 2 and 8 KiB cost the same or more for each event.
    connection.run("PRAGMA page_size = 4096");
    std::string mode;
    Statement(connection, "PRAGMA journal_mode = wal").query([&](const Statement& row) { mode = row.text(0); });
    if (mode != "wal")
        throw std::runtime_error(
            fmt::format("{}: its file system does not support a write-ahead log", database.file.string()));
    migrate(connection, migrations(), database.file);
    return connection;
}

class SqliteStore final : public chat::Store {
public:
    SqliteStore(std::filesystem::path file, SqliteSettings settings)
        : settings_(std::move(settings)),
          database_{.file = std::move(file), .vfs = settings_.vfs, .durability = settings_.durability},
          lock_(claim(database_.file)),
          checkpointer_(open_database(database_)),
          files_(database_.file),
          readers_(database_, settings_, unsettled_, &files_),
          writer_(database_, settings_, files_, unsettled_, checkpointer_) {
        assert(settings_.reader_threads > 0);
    }
    ~SqliteStore() override { stop(); }

    chat::StoredRooms load_rooms() override { return ReadSession(database_).load_rooms(); }

    void append(chat::StoreBatch batch, chat::BatchDone done) override {
        writer_.append(std::move(batch), std::move(done));
    }
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) override {
        readers_.read_events(query, std::move(done));
    }
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) override {
        readers_.find_sends(std::move(keys), std::move(done));
    }
    void ping(std::move_only_function<void(bool)> done) override { readers_.ping(std::move(done)); }

    void stop() override {
        writer_.stop();
        readers_.stop();
        checkpointer_.stop();
    }

private:
    // Constant after construction.
    const SqliteSettings settings_;
    const Database database_;

    // In this order: the lock is taken before the file is touched, and released after the last connection is closed.
    const FileLock lock_;
    UnsettledRooms unsettled_;
    Checkpointer checkpointer_;
    OpenFiles files_;
    ReaderPool readers_;
    Writer writer_;
};

}  // namespace

std::unique_ptr<chat::Store> open_sqlite_store(std::filesystem::path file, SqliteSettings settings) {
    return std::make_unique<SqliteStore>(std::move(file), std::move(settings));
}

std::uint64_t sqlite_allocated_bytes() { return static_cast<std::uint64_t>(::sqlite3_memory_used()); }

}  // namespace globes::store
