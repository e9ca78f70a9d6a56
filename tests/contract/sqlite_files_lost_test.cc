// A database whose files are removed, replaced or truncated while a store uses them: nothing is acknowledged that the
// next start would not find.
#include <gmock/gmock.h>

#include <fstream>

#include "contract/sqlite_files.h"
#include "contract/store_suite.h"
#include "store/sqlite/sqlite_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using testing::ElementsAre;
using testing::IsEmpty;
using enum CommitOutcome;

class SqliteFolderLost : public testing::Test {
protected:
    SqliteFolderLost() {
        EXPECT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), committed);
    }
    std::filesystem::path elsewhere() const { return folder_.path() / "elsewhere"; }
    CommitOutcome append(std::uint64_t seq, std::string text = "hello") {
        return commit(*store_, batch_of(AppendEvent{sample_event(1, seq, std::move(text))}));
    }
    void append_long_ones(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t seq = first; seq <= last; ++seq) ASSERT_EQ(append(seq, std::string(4000, 'x')), committed);
    }
    void expect_refused() {
        EXPECT_EQ(append(2), failed);
        EXPECT_FALSE(ping(*store_));
        EXPECT_EQ(append(2), failed);
    }

    const ScratchFolder folder_;
    const std::filesystem::path data_ = folder_.path() / "data";
    const std::filesystem::path database_ = data_ / "globes.db";
    std::unique_ptr<Store> store_ = open_sqlite_store(database_);
};

/// The parameter: the suffix of the file name.
class SqliteFilesLost : public SqliteFolderLost, public testing::WithParamInterface<const char*> {
protected:
    std::filesystem::path file() const { return database_.string() + GetParam(); }
};

TEST_P(SqliteFilesLost, ARemovedFileIsNoticedByACommitAndByAPing) {
    ASSERT_TRUE(ping(*store_));
    std::filesystem::remove(file());
    expect_refused();
}

TEST_P(SqliteFilesLost, APingNoticesItWithoutACommit) {
    ASSERT_TRUE(ping(*store_));
    std::filesystem::rename(file(), elsewhere());
    EXPECT_FALSE(ping(*store_));
    std::filesystem::rename(elsewhere(), file());
    EXPECT_TRUE(ping(*store_));
}

TEST_P(SqliteFilesLost, AReplacedFileIsNoticed) {
    std::filesystem::rename(file(), elsewhere());
    std::filesystem::copy_file(elsewhere(), file());
    expect_refused();
}

TEST_P(SqliteFilesLost, AFileThatIsMovedBackIsValidAgain) {
    std::filesystem::rename(file(), elsewhere());
    expect_refused();
    std::filesystem::rename(elsewhere(), file());
    EXPECT_EQ(append(2), committed);
    EXPECT_TRUE(ping(*store_));
    store_->stop();
    store_.reset();
    EXPECT_THAT(seqs_in(*open_sqlite_store(database_), 1), ElementsAre(1, 2));
}

INSTANTIATE_TEST_SUITE_P(Files, SqliteFilesLost, testing::Values("", "-wal", "-shm"), [](const auto& test) {
    const std::string suffix = test.param;
    return suffix.empty() ? std::string("Database") : suffix == "-wal" ? std::string("Log") : std::string("Index");
});

TEST_F(SqliteFolderLost, AFolderThatIsMovedAwayAndBackIsValidAgain) {
    std::filesystem::rename(data_, elsewhere());
    expect_refused();
    std::filesystem::create_directory(data_);
    expect_refused();
    std::filesystem::remove(data_);
    std::filesystem::rename(elsewhere(), data_);
    EXPECT_EQ(append(2), committed);
}

TEST_F(SqliteFolderLost, ReadsContinueFromOpenFiles) {
    ASSERT_THAT(seqs_in(*store_, 1), ElementsAre(1));
    std::filesystem::remove_all(data_);
    EXPECT_EQ(append(2), failed);
    // Some threads of the pool have not opened the database yet: their reads fail.
    for (int i = 0; i < 20; ++i) {
        const EventPage page = read(*store_, {.room = 1, .limit = 10});
        if (page.ok) {
            EXPECT_THAT(seqs_of(page), ElementsAre(1));
        }
    }
}

TEST_F(SqliteFolderLost, ATruncatedLogIsNoticed) {
    std::filesystem::resize_file(database_.string() + "-wal", 4096);
    expect_refused();
}

TEST_F(SqliteFolderLost, ATruncatedDatabaseIsNoticed) {
    append_long_ones(2, 50);
    run_sql(database_, "PRAGMA wal_checkpoint(PASSIVE)");
    ASSERT_EQ(append(51), committed);
    std::filesystem::resize_file(database_, std::filesystem::file_size(database_) / 2);
    EXPECT_EQ(append(52), failed);
    EXPECT_FALSE(ping(*store_));
}

TEST_F(SqliteFolderLost, ADatabaseThatAnotherProgramHasShortenedIsValid) {
    append_long_ones(2, 50);
    run_sql(database_, "PRAGMA wal_checkpoint(PASSIVE)");
    ASSERT_EQ(commit(*store_, batch_of(PurgeEvents{1, 49})), committed);
    const auto bytes = std::filesystem::file_size(database_);
    run_sql(database_, "VACUUM; PRAGMA wal_checkpoint(PASSIVE)");
    ASSERT_LT(std::filesystem::file_size(database_), bytes);
    EXPECT_EQ(append(51), committed);
    EXPECT_TRUE(ping(*store_));
}

TEST_F(SqliteFolderLost, ALogThatAnotherProgramHasEmptiedIsValid) {
    append_long_ones(2, 50);
    run_sql(database_, "PRAGMA wal_checkpoint(TRUNCATE)");
    ASSERT_EQ(std::filesystem::file_size(database_.string() + "-wal"), 0);
    EXPECT_EQ(append(51), committed);
    EXPECT_TRUE(ping(*store_));
}

}  // namespace
}  // namespace globes::store
