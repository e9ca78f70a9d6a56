// Programs that open a SQLite file next to its server: the reader, the backup, the check.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <unistd.h>

#include <fstream>

#include "contract/sqlite_files.h"
#include "contract/store_suite.h"
#include "maintenance/check.h"
#include "maintenance/import.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_offline.h"
#include "store/sqlite/sqlite_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using enum CommitOutcome;

class SqliteBeside : public testing::Test {
protected:
    SqliteBeside() {
        const auto store = open_sqlite_store(file_);
        EXPECT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
        EXPECT_EQ(commit(*store, appends(1, 1, 9)), committed);
        EXPECT_EQ(commit(*store, appends(2, 1, 9)), committed);
        EXPECT_EQ(commit(*store, batch_of(PurgeEvents{2, 4})), committed);
    }

    static std::string error_of(const std::function<void()>& act) {
        try {
            act();
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "(none)";
    }
    /// The faults of the file, then those of its contents as the port returns them.
    std::vector<std::string> faults() const {
        std::vector<std::string> found = check_sqlite(file_);
        const SystemClock clock;
        maintenance::Progress progress("check", "events", clock, nullptr);
        const auto take = [&](const std::string& fault) { found.push_back(fault); };
        maintenance::check_store(*open_sqlite_reader(file_), {.on_fault = take, .on_unread = take}, progress);
        return found;
    }
    std::vector<std::string> faults_after(const std::string& sql) const {
        run_sql(file_, sql);
        return faults();
    }

    ScratchFolder folder_;
    const std::filesystem::path file_ = folder_.path() / "globes.db";
    const std::filesystem::path copy_ = folder_.path() / "copy.db";
};

TEST_F(SqliteBeside, AReaderSeesTheStateInWhichItWasOpened) {
    const auto store = open_sqlite_store(file_);
    const auto reader = open_sqlite_reader(file_);
    ASSERT_EQ(reader->load_rooms().rooms.size(), 2);
    ASSERT_EQ(commit(*store, appends(1, 10, 12)), committed);
    ASSERT_EQ(commit(*store, batch_of(DeleteRoom{2}, PurgeEvents{1, 5})), committed);
    EXPECT_THAT(seqs_in(*reader, 1), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
    EXPECT_THAT(seqs_in(*reader, 2), ElementsAre(5, 6, 7, 8, 9));
    EXPECT_EQ(open_sqlite_reader(file_)->load_rooms().rooms.size(), 1);
}

TEST_F(SqliteBeside, AReaderWritesNothing) {
    const auto reader = open_sqlite_reader(file_);
    EXPECT_EQ(commit(*reader, appends(1, 10, 10)), failed);
    EXPECT_THAT(seqs_in(*open_sqlite_store(file_), 1), Not(Contains(10))) << "and a server may start meanwhile";
    EXPECT_TRUE(ping(*reader));
}

TEST_F(SqliteBeside, OnlyAGlobesDatabaseOfThisSchemaCanBeRead) {
    const auto opening_of = [](const std::filesystem::path& file) {
        return error_of([&] { open_sqlite_reader(file); });
    };
    EXPECT_EQ(opening_of(copy_), copy_.string() + ": does not exist");
    EXPECT_FALSE(std::filesystem::exists(copy_));
    run_sql(copy_, "CREATE TABLE songs (title TEXT)");
    EXPECT_EQ(opening_of(copy_), copy_.string() + ": is not a database of Globes");
    run_sql(file_, "INSERT INTO schema_versions VALUES (1000, 0)");
    EXPECT_THAT(opening_of(file_), HasSubstr("was written by a newer Globes (schema 1000"));
    run_sql(file_,
            "UPDATE schema_versions SET version = 0 WHERE version = 1; DELETE FROM schema_versions WHERE version > 0");
    EXPECT_THAT(opening_of(file_), HasSubstr("was written by an older Globes (schema 0"));
    EXPECT_THAT(error_of([&] { check_sqlite(file_); }), HasSubstr("older Globes"));
    EXPECT_THAT(error_of([&] { back_up_sqlite(file_, copy_, [](auto, auto) {}); }), HasSubstr("older Globes"));
}

TEST_F(SqliteBeside, ABackupIsTheStateAtItsStart) {
    const auto store = open_sqlite_store(file_);
    ASSERT_EQ(commit(*store, appends(1, 10, 60'000)), committed);
    std::ofstream{copy_};
    std::uint64_t next = 60'001;
    int steps = 0;
    back_up_sqlite(file_, copy_, [&](std::uint64_t copied, std::uint64_t all) {
        EXPECT_LE(copied, all);
        EXPECT_EQ(commit(*store, appends(1, next, next)), committed) << "no commit waits for the backup";
        ++next;
        if (++steps > 100) throw std::runtime_error("it begins again with every step");
    });
    EXPECT_GT(steps, 2);
    const auto restored = open_sqlite_store(copy_);
    EXPECT_EQ(restored->load_rooms().rooms.at(0).last_seq, 60'000);
    EXPECT_EQ(seqs_in(*restored, 1).size(), 60'000);
    EXPECT_EQ(commit(*restored, appends(1, 60'001, 60'001)), committed);
    restored->stop();
    EXPECT_THAT(check_sqlite(copy_), IsEmpty());
}

TEST_F(SqliteBeside, ABackupIsNotWrittenThroughASymbolicLink) {
    const auto store = open_sqlite_store(file_);
    ASSERT_EQ(commit(*store, appends(1, 10, 12)), committed);
    const std::filesystem::path folder = copy_.parent_path();
    const std::filesystem::path victim = folder / "victim";
    std::ofstream{victim};
    std::filesystem::create_symlink(victim, copy_);
    EXPECT_THAT(error_of([&] { back_up_sqlite(file_, copy_, [](auto, auto) {}); }), HasSubstr(copy_.string()));
    EXPECT_EQ(std::filesystem::file_size(victim), 0);

    // A link to the folder is the operator's.
    std::filesystem::create_directory_symlink(folder, folder / "backups");
    const std::filesystem::path behind_link = folder / "backups" / "behind_link";
    std::ofstream{behind_link};
    back_up_sqlite(file_, behind_link, [](auto, auto) {});
    EXPECT_THAT(check_sqlite(behind_link), IsEmpty());
}

TEST_F(SqliteBeside, ACorrectDatabaseHasNoFaults) {
    const auto store = open_sqlite_store(file_);
    ASSERT_EQ(commit(*store, appends(1, 10, 3000)), committed);
    ASSERT_EQ(commit(*store, batch_of(DeleteRoom{1})), committed);
    EXPECT_THAT(faults(), IsEmpty()) << "the events of a deleted room may still be stored";
}

TEST_F(SqliteBeside, FindsAGap) {
    EXPECT_THAT(faults_after("DELETE FROM events WHERE room_id = 1 AND seq IN (4, 6, 7)"),
                ElementsAre("room 1: seq 4 is missing", "room 1: seqs 6 to 7 are missing"));
}

TEST_F(SqliteBeside, FindsAMissingBeginning) {
    EXPECT_THAT(faults_after("DELETE FROM events WHERE room_id = 2 AND seq < 7"),
                ElementsAre("room 2: begins at seq 7, but the purge ended before seq 5"));
}

TEST_F(SqliteBeside, FindsARepeatedId) {
    EXPECT_THAT(faults_after("UPDATE events SET client_id = 'c2', name_key = NULL WHERE room_id = 1 AND seq = 5"),
                ElementsAre("room 1: seq 5 has the same id as seq 2 of the same sender"));
}

TEST_F(SqliteBeside, FindsAnIdThatALookupWouldNotFind) {
    EXPECT_THAT(faults_after("UPDATE events SET name_key = 'maria' WHERE room_id = 1 AND seq = 5"),
                ElementsAre("room 1: looking up the id of seq 5 does not return this message"));
}

TEST_F(SqliteBeside, FindsEventsWithoutARoom) {
    EXPECT_THAT(faults_after("UPDATE events SET room_id = 77 WHERE room_id = 1 AND seq > 6"),
                ElementsAre("3 events of room 77, which does not exist"));
}

TEST_F(SqliteBeside, TimesThatGoBackAreNotAFault) {
    EXPECT_THAT(faults_after("UPDATE events SET time_us = 5 WHERE room_id = 1 AND seq = 5"), testing::IsEmpty());
}

TEST_F(SqliteBeside, FindsTitlesAndIdsThatAreNotUnique) {
    EXPECT_THAT(faults_after("UPDATE rooms SET title = 'rOOm 1' WHERE id = 2;"
                             "UPDATE meta SET value = 2 WHERE key = 'next_room_id'"),
                ElementsAre("room 2: room 1 has the same title", "room 2: its id is not below the next room id, 2"));
}

TEST_F(SqliteBeside, AnImportRaisesTheNextIdAndKeepsTheRoomThatHasIt) {
    run_sql(file_, "UPDATE meta SET value = 2 WHERE key = 'next_room_id'");
    const auto copy = folder_.path() / "export";
    std::ofstream(copy) << "{\"kind\":\"globes-export\",\"version\":1,\"next_room_id\":3}\n"
                           "{\"kind\":\"end\",\"rooms\":0,\"events\":0}\n";
    const int fd = ::open(copy.c_str(), O_RDONLY);
    const SystemClock clock;
    maintenance::Progress progress("import", "events", clock, nullptr);
    maintenance::LineReader in(fd, "in");
    EXPECT_EQ(maintenance::import_rooms(*open_sqlite_store(file_), in, 0, progress).fault, std::nullopt);
    ::close(fd);
    EXPECT_THAT(faults(), IsEmpty());
    EXPECT_THAT(seqs_in(*open_sqlite_reader(file_), 2), ElementsAre(5, 6, 7, 8, 9));
}

TEST_F(SqliteBeside, FindsARoomWhoseEventsAreBeingRemoved) {
    EXPECT_THAT(faults_after("INSERT INTO removals VALUES (2)"),
                ElementsAre("room 2: exists, but its events are marked for removal"));
}

TEST_F(SqliteBeside, FindsABrokenPage) {
    open_sqlite_store(file_)->stop();
    const auto pages = std::filesystem::file_size(file_) / 4096;
    ASSERT_GT(pages, 3);
    std::fstream broken(file_, std::ios::in | std::ios::out | std::ios::binary);
    broken.seekp(static_cast<std::streamoff>((pages - 2) * 4096));
    broken << std::string(4096, '\xAB');
    broken.close();
    EXPECT_THAT(check_sqlite(file_), Not(IsEmpty()));
    std::ofstream(file_) << std::string(5000, 'x');
    EXPECT_THAT(check_sqlite(file_), ElementsAre(HasSubstr("not a database")));
}

}  // namespace
}  // namespace globes::store
