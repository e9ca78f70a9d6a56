#include "store/sqlite/sqlite_offline.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "store/sqlite/connection.h"
#include "store/sqlite/reader_pool.h"
#include "store/sqlite/schema.h"

namespace globes::store {
namespace {

class SqliteReader final : public chat::Store {
public:
    explicit SqliteReader(std::filesystem::path file)
        : database_{.file = std::move(file), .vfs = {}},
          readers_(database_, settings_, unsettled_, nullptr, SnapshotScope::session) {
        open_existing(database_);
    }
    ~SqliteReader() override { stop(); }

    chat::StoredRooms load_rooms() override { return readers_.load_rooms(); }

    void append(chat::StoreBatch, chat::BatchDone done) override {
        // Through a read, because answers arrive on a thread of the store.
        readers_.ping([done = std::move(done)](bool) mutable { done(chat::CommitOutcome::failed); });
    }
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) override {
        readers_.read_events(query, std::move(done));
    }
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) override {
        readers_.find_sends(std::move(keys), std::move(done));
    }
    void ping(std::move_only_function<void(bool)> done) override { readers_.ping(std::move(done)); }

    void stop() override { readers_.stop(); }

private:
    // Constant after construction. One thread, so that all reads see one state.
    const SqliteSettings settings_{.reader_threads = 1};
    const Database database_;

    const UnsettledRooms unsettled_;
    ReaderPool readers_;
};

// Steps from room to room over the primary key, so that it reads a page or two for each, and no events.
constexpr std::string_view kOrphans =
    "WITH RECURSIVE speaking (id) AS (SELECT min(room_id) FROM events UNION ALL"
    " SELECT (SELECT min(room_id) FROM events WHERE room_id > speaking.id) FROM speaking WHERE id IS NOT NULL)"
    " SELECT id, (SELECT count(*) FROM events WHERE room_id = id) FROM speaking WHERE id IS NOT NULL"
    " AND id NOT IN (SELECT id FROM rooms) AND id NOT IN (SELECT room_id FROM removals)";
// Only a purge removes the oldest events, and it stores the last purged seq.
constexpr std::string_view kLostBeginnings =
    "SELECT id, purged_seq + 1, first FROM (SELECT id, purged_seq,"
    " (SELECT min(seq) FROM events WHERE room_id = id) AS first FROM rooms) WHERE first <> purged_seq + 1";
// The events of an existing room would be removed.
constexpr std::string_view kRoomsBeingRemoved = "SELECT room_id FROM removals WHERE room_id IN (SELECT id FROM rooms)";

class Check {
public:
    explicit Check(const std::filesystem::path& file) : connection_(open_existing({.file = file, .vfs = {}})) {
        connection_.run("BEGIN");
    }

    std::vector<std::string> faults() {
        look("PRAGMA integrity_check", [&](const Statement& row) {
            if (const std::string text = row.text(0); text != "ok") add("the database file: {}", text);
        });
        look(kOrphans, [&](const Statement& row) {
            add("{} events of room {}, which does not exist", row.number(1), row.number(0));
        });
        look(kLostBeginnings, [&](const Statement& row) {
            add("room {}: begins at seq {}, but the purge ended before seq {}", row.number(0), row.number(2),
                row.number(1));
        });
        look(kRoomsBeingRemoved, [&](const Statement& row) {
            add("room {}: exists, but its events are marked for removal", row.number(0));
        });
        return std::move(faults_);
    }

private:
    /// A corrupt page ends one check; the others may still find faults.
    template <class Take>
    void look(std::string_view sql, Take take) {
        try {
            Statement(connection_, sql).query(take);
        } catch (const SqliteError& error) {
            if (!error.is_corruption()) throw;
            add("{}", error.what());
        }
    }
    template <class... Values>
    void add(fmt::format_string<Values...> text, Values&&... values) {
        faults_.push_back(fmt::format(text, std::forward<Values>(values)...));
    }

    Connection connection_;
    std::vector<std::string> faults_;
};

// 1 MiB: seldom enough to cost nothing, often enough to show progress.
constexpr int kPagesInStep = 256;

struct EndBackup {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

}  // namespace

std::unique_ptr<chat::Store> open_sqlite_reader(std::filesystem::path file) {
    return std::make_unique<SqliteReader>(std::move(file));
}

std::vector<std::string> check_sqlite(const std::filesystem::path& file) {
    try {
        return Check(file).faults();
    } catch (const SqliteError& error) {
        if (!error.is_corruption()) throw;
        return {error.what()};
    }
}

void back_up_sqlite(const std::filesystem::path& file, const std::filesystem::path& target,
                    const BackupProgress& on_step) {
    Connection source = open_existing({.file = file, .vfs = {}});
    // Held to the end; otherwise every commit between two steps would restart the copy.
    source.run("BEGIN; SELECT count(*) FROM meta");
    Connection copy({.file = target, .vfs = {}}, Connection::Access::write_unlinked);
    // The copy is discarded if a step fails.
    copy.run("PRAGMA journal_mode = off; PRAGMA synchronous = off");
    const std::unique_ptr<sqlite3_backup, EndBackup> backup(
        sqlite3_backup_init(copy.handle(), "main", source.handle(), "main"));
    if (backup == nullptr) copy.fail();
    int code = SQLITE_OK;
    while (code == SQLITE_OK) {
        code = sqlite3_backup_step(backup.get(), kPagesInStep);
        const int all = sqlite3_backup_pagecount(backup.get());
        on_step(static_cast<std::uint64_t>(all - sqlite3_backup_remaining(backup.get())),
                static_cast<std::uint64_t>(all));
    }
    if (code != SQLITE_DONE) throw SqliteError(code, target.string() + ": cannot be written: " + sqlite3_errstr(code));
}

}  // namespace globes::store
