// Migrations: a database of each released schema opens, a newer one is refused.
#include "store/sqlite/schema.h"

#include <gmock/gmock.h>

#include "contract/sqlite_files.h"
#include "contract/store_suite.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using testing::ElementsAre;
using testing::HasSubstr;

// Schema 1 as it was released, with one room and its events; never change it.
constexpr const char* kSchema1 = R"sql(
CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at_us INTEGER NOT NULL) STRICT;
INSERT INTO schema_versions VALUES (1, 1607030634000000);
CREATE TABLE rooms (id INTEGER PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL,
    visibility INTEGER NOT NULL, password_hash TEXT NOT NULL, owned INTEGER NOT NULL, token_epoch INTEGER NOT NULL,
    retention_s INTEGER NOT NULL, max_events INTEGER NOT NULL, created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL, purged_seq INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE events (room_id INTEGER NOT NULL, seq INTEGER NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL,
    color TEXT NOT NULL, text TEXT NOT NULL, client_id TEXT NOT NULL, time_us INTEGER NOT NULL,
    name_key TEXT, PRIMARY KEY (room_id, seq)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sends ON events (room_id, name_key, client_id) WHERE name_key IS NOT NULL;
CREATE TABLE removals (room_id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('next_room_id', 5), ('room_changes', 2);
INSERT INTO rooms VALUES (4, 'Old room', 'From schema 1', 2, 'hash', 1, 7, 9, 10, 11, 12, 0);
INSERT INTO rooms VALUES (3, 'Purged room', '', 0, '', 0, 0, 0, 0, 1, 1, 40);
INSERT INTO events VALUES (4, 1, 1, 'David', 'red', 'hello', 'c1', 13, 'david'),
    (4, 2, 1, 'maria', '', 'hi', '', 14, NULL);
)sql";

class SqliteSchemaTest : public testing::Test {
protected:
    std::string migrate_error(std::span<const Migration> steps) {
        if (!std::filesystem::exists(file_)) run_sql(file_, "VACUUM");
        try {
            Connection connection({.file = file_, .vfs = {}}, Connection::Access::write);
            migrate(connection, steps, file_);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "";
    }

    ScratchFolder folder_;
    const std::filesystem::path file_ = folder_.path() / "globes.db";
};

TEST_F(SqliteSchemaTest, OpensADatabaseOfSchema1) {
    run_sql(file_, kSchema1);
    const UnixMicros before = SystemClock().now_us();
    auto store = open_sqlite_store(file_);
    const UnixMicros after = SystemClock().now_us();
    const StoredRooms stored = store->load_rooms();
    ASSERT_EQ(stored.rooms.size(), 2);
    EXPECT_NE(stored.rooms[0].record.salt, stored.rooms[1].record.salt);
    for (const StoredRoom& room : stored.rooms) {
        EXPECT_TRUE(is_room_salt(room.record.salt));
        // Rounded down, as the times of tokens are.
        EXPECT_GE(room.record.old_keys_until, before - before % 1'000'000);
        EXPECT_LE(room.record.old_keys_until, after);
    }
    EXPECT_EQ(stored.rooms[0].last_seq, 40) << "its events are removed, but their seqs were used";
    EXPECT_EQ(stored.rooms[0].first_seq, 41);
    EXPECT_EQ(stored.rooms[1].record, (RoomRecord{.id = 4,
                                                  .title = "Old room",
                                                  .description = "From schema 1",
                                                  .visibility = Visibility::hidden_room,
                                                  .password_hash = "hash",
                                                  .owned = true,
                                                  .token_epoch = 7,
                                                  .owner_epoch = 0,
                                                  .salt = stored.rooms[1].record.salt,
                                                  .old_keys_until = stored.rooms[1].record.old_keys_until,
                                                  .retention_s = 9,
                                                  .max_events = 10,
                                                  .created_at = 11,
                                                  .updated_at = 12}));
    EXPECT_EQ(stored.rooms[1].last_seq, 2);
    EXPECT_EQ(stored.next_room_id, 5);
    EXPECT_THAT(seqs_in(*store, 4), ElementsAre(1, 2));
    EXPECT_THAT(sent_seqs(*store, {{4, "david", "c1"}, {4, "maria", ""}}), ElementsAre(1, 0));
    EXPECT_EQ(commit(*store, appends(4, 3, 3)), CommitOutcome::committed);
    store.reset();
    EXPECT_EQ(open_sqlite_store(file_)->load_rooms().rooms[1].record, stored.rooms[1].record) << "migrated once";
}

TEST_F(SqliteSchemaTest, RoomsThatWereCreatedWithASaltHaveNoOldKeys) {
    auto store = open_sqlite_store(file_);
    RoomRecord room = sample_room(2);
    room.old_keys_until = 0;
    ASSERT_EQ(commit(*store, batch_of(PutRoom{room})), CommitOutcome::committed);
    store.reset();
    EXPECT_EQ(open_sqlite_store(file_)->load_rooms().rooms[0].record, room);
}

TEST_F(SqliteSchemaTest, RefusesANewerSchema) {
    run_sql(file_, std::string(kSchema1) + "INSERT INTO schema_versions VALUES (1000, 0)");
    try {
        open_sqlite_store(file_);
        ADD_FAILURE() << "the file was opened";
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(error.what(), file_.string() + ": was written by a newer Globes (schema 1000; this one knows up to " +
                                    std::to_string(migrations().back().version) + ")");
    }
}

TEST_F(SqliteSchemaTest, NumbersItsStepsFromOneUp) {
    int version = 0;
    for (const Migration& step : migrations()) EXPECT_EQ(step.version, ++version);
}

TEST_F(SqliteSchemaTest, TakesEachStepOnceAndInOrder) {
    const Migration steps[] = {
        {1, "CREATE TABLE a (x)"}, {2, "ALTER TABLE a ADD COLUMN y"}, {3, "INSERT INTO a VALUES (1, 2)"}};
    EXPECT_EQ(migrate_error(std::span(steps).first(1)), "");
    EXPECT_EQ(migrate_error(steps), "");
    EXPECT_EQ(migrate_error(steps), "");
    EXPECT_EQ(ask_sql(file_, "SELECT count(*) FROM a WHERE y = 2"), 1);
    EXPECT_EQ(ask_sql(file_, "SELECT group_concat(version, '') FROM schema_versions"), 123);
}

TEST_F(SqliteSchemaTest, RollsBackAStepThatFailsAndKeepsTheOnesBefore) {
    const Migration broken[] = {{1, "CREATE TABLE a (x)"}, {2, "CREATE TABLE b (x); CREATE TABLE a (x)"}};
    EXPECT_THAT(migrate_error(broken), HasSubstr("already exists"));
    EXPECT_EQ(ask_sql(file_, "SELECT max(version) FROM schema_versions"), 1);
    EXPECT_EQ(ask_sql(file_, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
    const Migration repaired[] = {{1, "CREATE TABLE a (x)"}, {2, "CREATE TABLE b (x)"}};
    EXPECT_EQ(migrate_error(repaired), "");
    EXPECT_EQ(ask_sql(file_, "SELECT max(version) FROM schema_versions"), 2);
}

}  // namespace
}  // namespace globes::store
