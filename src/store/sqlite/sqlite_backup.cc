#include "store/sqlite/sqlite_backup.h"

#include <memory>

#include "store/sqlite/connection.h"
#include "store/sqlite/schema.h"

namespace globes::store {
namespace {

// 1 MiB: seldom enough to cost nothing, often enough to show progress.
constexpr int kPagesInStep = 256;

struct EndBackup {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

}  // namespace

void back_up_sqlite(const std::filesystem::path& file, const std::filesystem::path& target,
                    const BackupProgress& on_step) {
    Connection source = open_existing({.file = file, .vfs = {}});
    // Held to the end; otherwise every commit between two steps would restart the copy.
    source.run("BEGIN; SELECT count(*) FROM meta");
    Connection copy({.file = target, .vfs = {}}, Connection::Access::write);
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
