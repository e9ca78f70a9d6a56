#include "store/sqlite/sqlite_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <limits>
#include <thread>

#include "contract/fault_vfs.h"
#include "contract/sqlite_files.h"
#include "contract/store_suite.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum CommitOutcome;

constexpr int kNever = std::numeric_limits<int>::max();

StoreKind kind(std::string name, Durability durability) {
    return {.name = std::move(name),
            .is_persistent = true,
            .page_threads = SqliteSettings().reader_threads,
            .open = [durability](const auto& folder, StoreLimits limits) {
                return open_sqlite_store(folder / "globes.db", {.durability = durability, .limits = limits});
            }};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreSuite,
                         testing::Values(kind("process", Durability::process), kind("power", Durability::power)),
                         [](const auto& which) { return which.param.name; });

class SqliteStoreTest : public testing::Test {
protected:
    std::unique_ptr<Store> open() const { return open_sqlite_store(file_); }
    std::string open_error() const {
        try {
            open()->load_rooms();
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "(opened)";
    }
    static mode_t mode(const std::filesystem::path& path) {
        struct stat status{};
        EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
        return status.st_mode & 0777;
    }

    ScratchFolder folder_;
    const std::filesystem::path file_ = folder_.path() / "data" / "globes.db";
};

TEST_F(SqliteStoreTest, KeepsItsFilesFromOtherUsers) {
    const auto store = open();
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_EQ(mode(file_.parent_path()), 0700);
    for (const char* end : {"", "-wal", "-shm", ".lock"}) EXPECT_EQ(mode(file_.string() + end), 0600) << end;
}

TEST_F(SqliteStoreTest, RefusesASecondOpener) {
    {
        const auto store = open();
        EXPECT_EQ(open_error(), file_.string() + ": another Globes uses it");
        EXPECT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    }
    EXPECT_EQ(open_error(), "(opened)");
}

TEST_F(SqliteStoreTest, RefusesAFileThatIsNotADatabase) {
    std::filesystem::create_directory(file_.parent_path());
    std::ofstream(file_) << std::string(5000, 'x');
    EXPECT_THAT(open_error(), AllOf(HasSubstr(file_.string()), HasSubstr("not a database")));
}

TEST_F(SqliteStoreTest, RefusesABrokenDatabase) {
    {
        const auto store = open();
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    }
    std::fstream broken(file_, std::ios::in | std::ios::out | std::ios::binary);
    broken.seekp(100);
    broken << std::string(static_cast<std::size_t>(std::filesystem::file_size(file_)) - 100, '\xAB');
    broken.close();
    EXPECT_THAT(open_error(), AllOf(HasSubstr(file_.string()), HasSubstr("malformed")));
}

TEST_F(SqliteStoreTest, RefusesValuesThatGlobesNeverStores) {
    {
        const auto store = open();
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(7)})), committed);
        ASSERT_EQ(commit(*store, appends(7, 1, 3)), committed);
    }
    for (const int kind : {0, 101, 257}) {
        run_sql(file_, fmt::format("UPDATE events SET kind = {} WHERE seq = 2", kind));
        EXPECT_FALSE(read(*open(), {.room = 7, .limit = 10}).ok) << kind;
    }
    run_sql(file_, "UPDATE rooms SET visibility = 3");
    EXPECT_THAT(open_error(), HasSubstr("room 7 has the visibility 3, which does not exist"));
}

TEST_F(SqliteStoreTest, RefusesAnotherProgramsDatabase) {
    std::filesystem::create_directory(file_.parent_path());
    run_sql(file_, "CREATE TABLE songs (title TEXT)");
    EXPECT_EQ(open_error(), file_.string() + ": is not a database of Globes");
}

TEST_F(SqliteStoreTest, RefusesAFolderThatItCannotCreate) {
    std::ofstream(file_.parent_path()) << "a file";
    EXPECT_THAT(open_error(), HasSubstr(file_.parent_path().string()));
}

TEST_F(SqliteStoreTest, OpensAfterAnUncleanStop) {
    const std::filesystem::path copy = folder_.path() / "copy";
    {
        const auto store = open();
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
        for (std::uint64_t seq = 1; seq <= 100; ++seq) ASSERT_EQ(commit(*store, appends(1, seq, seq)), committed);
        // As after a crash: the WAL holds all commits, and its index cannot be used.
        std::filesystem::copy(file_.parent_path(), copy);
    }
    std::filesystem::remove(copy / "globes.db-shm");
    ASSERT_GT(std::filesystem::file_size(copy / "globes.db-wal"), 0);
    const auto store = open_sqlite_store(copy / "globes.db");
    const StoredRooms stored = store->load_rooms();
    ASSERT_EQ(stored.rooms.size(), 1);
    EXPECT_EQ(stored.rooms[0].last_seq, 100);
    EXPECT_EQ(seqs_in(*store, 1).size(), 100);
    EXPECT_EQ(commit(*store, appends(1, 101, 101)), committed);
}

TEST_F(SqliteStoreTest, LoadsRoomsWithoutReadingTheirEvents) {
    constexpr std::uint64_t kEvents = 5000;
    {
        const auto store = open();
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
        ASSERT_EQ(commit(*store, appends(1, 1, kEvents)), committed);
        ASSERT_EQ(commit(*store, appends(2, 1, kEvents)), committed);
    }
    FaultVfs disk;
    const auto store = open_sqlite_store(file_, {.vfs = FaultVfs::name()});
    const long before = disk.reads();
    ASSERT_EQ(store->load_rooms().rooms.size(), 2);
    const long pages = disk.reads() - before;
    EXPECT_LT(pages, 40) << "of " << std::filesystem::file_size(file_) / 4096;
    EXPECT_EQ(store->load_rooms().rooms[1].last_seq, kEvents);
}

TEST_F(SqliteStoreTest, ServesPagesRoundRobin) {
    EXPECT_THAT(order_of_pages(*open_sqlite_store(file_, {.reader_threads = 1})),
                ElementsAre("ann, room 1", "server", "bob, room 1", "ann, room 2", "bob, room 1", "ann, room 1",
                            "ann, room 1"));
}

TEST_F(SqliteStoreTest, ReadsAFewPagesOfTheFileHoweverMuchIsStored) {
    constexpr std::uint64_t kEvents = 100'000;
    {
        const auto store = open();
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
        ASSERT_EQ(commit(*store, appends(1, 1, kEvents)), committed);
    }
    ASSERT_GT(std::filesystem::file_size(file_) / 4096, 1000);
    FaultVfs disk;
    const auto pages_read = [&](auto ask) {
        // Opened again, so that the cache is empty.
        const auto store = open_sqlite_store(file_, {.reader_threads = 1, .vfs = FaultVfs::name()});
        EXPECT_TRUE(ping(*store));
        const long before = disk.reads();
        ask(*store);
        return disk.reads() - before;
    };
    const EventQuery newest{.room = 1, .limit = 50, .keeps_newest = true};
    const EventQuery from_the_middle{.room = 1, .after = kEvents / 2, .limit = 50};
    const UnixMicros time = sample_event(1, kEvents / 2).time;
    const EventQuery not_expired{.room = 1, .limit = 50, .expiry = {.now = 2 * time, .period = time}};
    EXPECT_LT(pages_read([&](Store& store) { EXPECT_EQ(read(store, newest).events.back().seq, kEvents); }), 20);
    EXPECT_LT(pages_read([&](Store& store) { EXPECT_EQ(read(store, from_the_middle).events.size(), 50); }), 20);
    EXPECT_LT(pages_read([&](Store& store) { EXPECT_EQ(read(store, not_expired).first_seq, kEvents / 2); }), 150);
    EXPECT_LT(pages_read([&](Store& store) { EXPECT_THAT(sent_seqs(store, {{1, "david", "c7"}}), ElementsAre(7)); }),
              20);
}

TEST_F(SqliteStoreTest, FindsNoEventsOfADeletedRoom) {
    const auto store = open();
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    ASSERT_EQ(commit(*store, appends(1, 1, 20'000)), committed);
    store->append(batch_of(DeleteRoom{1}), [](CommitOutcome) {});
    HeldWriter held(*store);
    ASSERT_GT(ask_sql(file_, "SELECT count(*) FROM events"), 0) << "all events are removed already";
    EXPECT_THAT(sent_seqs(*store, {{1, "david", "c20000"}}), ElementsAre(0));
    EXPECT_THAT(events_in(*store, 1), IsEmpty());
    held.let_go();
    EXPECT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 20'000)})), committed);
}

TEST_F(SqliteStoreTest, RemovesTheEventsOfADeletedRoomAlsoAfterAReopen) {
    {
        const auto store = open();
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
        ASSERT_EQ(commit(*store, appends(1, 1, 20'000)), committed);
        ASSERT_EQ(commit(*store, appends(2, 1, 10)), committed);
        ASSERT_EQ(commit(*store, batch_of(DeleteRoom{1})), committed);
        EXPECT_THAT(events_in(*store, 1), IsEmpty());
    }
    EXPECT_GT(ask_sql(file_, "SELECT count(*) FROM events WHERE room_id = 1"), 0) << "all events are removed already";
    const auto store = open();
    while (ask_sql(file_, "SELECT count(*) FROM removals") > 0) std::this_thread::yield();
    EXPECT_EQ(ask_sql(file_, "SELECT count(*) FROM events WHERE room_id = 1"), 0);
    EXPECT_EQ(seqs_in(*store, 2).size(), 10);
}

TEST_F(SqliteStoreTest, CommitsGoOnWhileADeletedRoomsEventsAreRemoved) {
    const auto store = open();
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(*store, appends(1, 1, 20'000)), committed);
    std::promise<std::int64_t> left;
    // Both callbacks run on the thread that also removes, so nothing is removed while they count.
    store->append(batch_of(DeleteRoom{1}), [&](CommitOutcome) {
        store->append(appends(2, 1, 1), [&](CommitOutcome outcome) {
            EXPECT_EQ(outcome, committed);
            left.set_value(ask_sql(file_, "SELECT count(*) FROM events WHERE room_id = 1"));
        });
    });
    EXPECT_GT(left.get_future().get(), 0) << "the commit waited for the whole removal";
}

TEST_F(SqliteStoreTest, MovesTheWalIntoTheFileDuringCommits) {
    const auto store = open_sqlite_store(file_, {.checkpoint_pages = 16, .max_wal_pages = kNever});
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    const auto before = std::filesystem::file_size(file_);
    for (std::uint64_t seq = 1; seq <= 200; ++seq) ASSERT_EQ(commit(*store, appends(1, seq, seq)), committed);
    // The commits are only in the WAL until a checkpoint moves them.
    while (std::filesystem::file_size(file_) <= before) std::this_thread::yield();
    EXPECT_EQ(seqs_in(*store, 1).size(), 200);
}

TEST_F(SqliteStoreTest, BoundsTheWalWhenNoParallelCheckpointFinishes) {
    constexpr int kMaxPages = 64;
    const auto store = open_sqlite_store(file_, {.checkpoint_pages = kNever, .max_wal_pages = kMaxPages});
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    // Each writes at least one page.
    for (std::uint64_t seq = 1; seq <= 1000; ++seq) ASSERT_EQ(commit(*store, appends(1, seq, seq)), committed);
    const auto pages = std::filesystem::file_size(file_.string() + "-wal") / 4096;
    EXPECT_LE(pages, kMaxPages + 10);
    EXPECT_EQ(seqs_in(*store, 1).size(), 1000);
}

TEST_F(SqliteStoreTest, LeavesNoWalAfterACleanStop) {
    auto store = open();
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    store.reset();
    EXPECT_FALSE(std::filesystem::exists(file_.string() + "-wal"));
}

}  // namespace
}  // namespace globes::store
