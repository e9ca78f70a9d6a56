// The contents of a database when Globes opens it: its own collections, those of an older version, and those of another
// program.
#include <gmock/gmock.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "contract/fake_mongodb.h"
#include "contract/ferretdb.h"
#include "contract/store_suite.h"
#include "store/mongo/mongo_store.h"
#include "store/mongo/session.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using enum CommitOutcome;

// The check for another server takes a few heartbeat intervals.
constexpr MongoTimes kQuick{.heartbeat = 20ms};
// As `kQuick`, for the server in this process, which replies at once or never.
constexpr MongoTimes kHasty{.selection = 500ms, .connect = 500ms, .socket = 2s, .heartbeat = 20ms};

class MongoLayout : public testing::Test {
protected:
    std::unique_ptr<Store> open(MongoUse use = MongoUse::serve) const {
        return open_mongo_store({.uri = server_.uri(), .use = use, .times = kHasty});
    }
    auto opening(MongoUse use = MongoUse::serve) const {
        return [this, use] { open(use); };
    }
    FakeDocuments& collection(const char* name) { return server_.collection(name); }
    /// A message as the original system stores it; messages of both systems have an _id.
    static FakeDocument message_of_the_original(std::int64_t number) {
        return {{"_id", fake_number(number)}, {"eventtype", fake_text("send")}, {"user", fake_text("david")},
                {"roomid", fake_number(1)},   {"msg", fake_text("hello")},      {"verified", FakeValue(8, 0)}};
    }
    void fill() const {
        const auto store = open();
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
        ASSERT_EQ(commit(*store, appends(1, 1, 5)), committed);
        ASSERT_EQ(commit(*store, batch_of(DeleteRoom{2})), committed);
        store->stop();
    }
    /// Renames the collections that `fill` has created to their names of version 1.
    void make_old() {
        for (const char* kind : {"rooms", "events", "counters", "removals"}) {
            FakeDocuments& own = collection((std::string("globes_") + kind).c_str());
            collection((std::string("chat_") + kind).c_str()) = std::exchange(own, {});
        }
        collection("chat_counters").remove({{"_id", fake_text("layout")}});
    }
    /// Removes what layout version 3 has added.
    void make_layout_2() {
        FakeDocuments& rooms = collection("globes_rooms");
        for (FakeDocument room : rooms.find({}, {}, 0)) {
            rooms.remove({{"_id", field_of(room, "_id")}});
            std::erase_if(room, [](const auto& field) {
                return field.first == "salt" || field.first == "owner_epoch" ||
                       field.first.starts_with("old_keys_until");
            });
            ASSERT_TRUE(rooms.insert(std::move(room)));
        }
        set_layout(2);
    }
    void set_layout(std::int64_t version) {
        collection("globes_counters")
            .update({{"_id", fake_text("layout")}}, {{"$set", fake_document({{"value", fake_number(version)}})}},
                    false);
    }
    std::int64_t layout() {
        const auto found = collection("globes_counters").find({{"_id", fake_text("layout")}}, {}, 1);
        return found.empty() ? 0 : field_of(found.front(), "value").number;
    }
    void expect_all_there(Store& store) const {
        const StoredRooms stored = store.load_rooms();
        ASSERT_EQ(stored.rooms.size(), 1);
        EXPECT_EQ(stored.rooms[0].record, sample_room(1));
        EXPECT_EQ(stored.next_room_id, 3);
        EXPECT_THAT(seqs_in(store, 1), ElementsAre(1, 2, 3, 4, 5));
    }

    FakeMongodb server_;
};

TEST_F(MongoLayout, RenamesTheCollectionsOfAnOlderVersionOnce) {
    fill();
    make_old();
    const auto store = open();
    expect_all_there(*store);
    EXPECT_EQ(commit(*store, batch_of(AppendEvent{sample_event(1, 6)})), committed);
    store->stop();
    EXPECT_FALSE(collection("chat_events").exists());
    const std::size_t renamed = server_.count("renameCollection");
    EXPECT_THAT(seqs_in(*open(), 1), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_EQ(server_.count("renameCollection"), renamed);
}

TEST_F(MongoLayout, ContinuesARenamingThatWasInterruptedAtAnyPoint) {
    // The connection breaks after the command `left` is carried out and before its reply.
    for (int at = 1;; ++at) {
        FakeMongodb& server = server_;
        for (const char* name : {"rooms", "events", "counters", "removals"}) {
            collection((std::string("globes_") + name).c_str()) = {};
            collection((std::string("chat_") + name).c_str()) = {};
        }
        fill();
        make_old();
        int left = at;
        bool is_broken = false;
        server.set_tamper([&](const std::string& command, std::string&) {
            if (command == "isMaster" || command == "ismaster" || command == "hello") return true;
            is_broken |= --left <= 0;
            return !is_broken;
        });
        bool is_opened = true;
        try {
            open();
        } catch (const std::runtime_error&) {
            is_opened = false;
        }
        server.set_tamper(nullptr);
        expect_all_there(*open());
        if (HasFailure() || (is_opened && !is_broken)) break;
        ASSERT_LT(at, 100);
    }
}

TEST_F(MongoLayout, GivesEachRoomOfLayout2ASaltOnce) {
    {
        const auto store = open();
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
        store->stop();
    }
    make_layout_2();
    const UnixMicros before = SystemClock().now_us();
    const auto store = open();
    const UnixMicros after = SystemClock().now_us();
    const StoredRooms stored = store->load_rooms();
    store->stop();
    ASSERT_EQ(stored.rooms.size(), 2);
    for (const StoredRoom& room : stored.rooms) {
        RoomRecord expected = sample_room(room.record.id);
        expected.owner_epoch = 0;
        expected.salt = room.record.salt;
        expected.old_keys_until = room.record.old_keys_until;
        EXPECT_EQ(room.record, expected);
        EXPECT_TRUE(is_room_salt(room.record.salt));
        EXPECT_GE(room.record.old_keys_until, before);
        EXPECT_LE(room.record.old_keys_until, after);
    }
    EXPECT_NE(stored.rooms[0].record.salt, stored.rooms[1].record.salt);
    EXPECT_EQ(layout(), 3);
    const StoredRooms again = open()->load_rooms();
    ASSERT_EQ(again.rooms.size(), 2);
    EXPECT_EQ(again.rooms[0].record, stored.rooms[0].record);
    EXPECT_EQ(again.rooms[1].record, stored.rooms[1].record);
}

TEST_F(MongoLayout, ContinuesToGiveSaltsAfterAnInterruptionAtAnyPoint) {
    for (int at = 1;; ++at) {
        for (const char* name : {"rooms", "events", "counters", "removals"})
            collection((std::string("globes_") + name).c_str()) = {};
        fill();
        make_layout_2();
        int left = at;
        bool is_broken = false;
        server_.set_tamper([&](const std::string& command, std::string&) {
            if (command == "isMaster" || command == "ismaster" || command == "hello") return true;
            is_broken |= --left <= 0;
            return !is_broken;
        });
        bool is_opened = true;
        try {
            open();
        } catch (const std::runtime_error&) {
            is_opened = false;
        }
        server_.set_tamper(nullptr);
        const StoredRooms stored = open()->load_rooms();
        ASSERT_EQ(stored.rooms.size(), 1) << at;
        EXPECT_TRUE(is_room_salt(stored.rooms[0].record.salt)) << at;
        EXPECT_EQ(layout(), 3) << at;
        if (HasFailure() || (is_opened && !is_broken)) break;
        ASSERT_LT(at, 100);
    }
}

TEST_F(MongoLayout, ARoomThatAnOlderProcessCreatedLateGetsItsSaltAtTheNextStart) {
    fill();
    make_layout_2();
    set_layout(3);
    EXPECT_TRUE(is_room_salt(open()->load_rooms().rooms[0].record.salt));
}

TEST_F(MongoLayout, ReadsNoRoomsWithoutSalts) {
    fill();
    make_layout_2();
    const auto before = collection("globes_rooms").find({}, {}, 0);
    EXPECT_THAT(opening(MongoUse::read), ThrowsMessage<std::runtime_error>(
                                             AllOf(HasSubstr("older version"), HasSubstr("start the server once"))));
    EXPECT_EQ(collection("globes_rooms").find({}, {}, 0), before);
    EXPECT_EQ(layout(), 2);
}

TEST_F(MongoLayout, LeavesTheCollectionsOfAnotherProgramAlone) {
    for (std::int64_t messages = 0; messages <= 2; ++messages) {
        FakeDocuments& original = collection("chat_events");
        for (std::int64_t number = 1; number <= messages; ++number) original.insert(message_of_the_original(number));
        const auto before = original.find({}, {}, 0);
        const auto store = open();
        EXPECT_NE(commit(*store, batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), failed);
        store->stop();
        EXPECT_EQ(original.find({}, {}, 0), before);
        EXPECT_TRUE(original.indexes().empty());
        for (const char* name : {"rooms", "events", "counters", "removals"})
            collection((std::string("globes_") + name).c_str()) = {};
    }
}

TEST_F(MongoLayout, TakesOverTheRoomsOfAnOlderVersionNextToMessagesOfAnotherProgram) {
    fill();
    make_old();
    collection("chat_events") = {};
    ASSERT_TRUE(collection("chat_events").insert(message_of_the_original(1)));
    const auto store = open();
    EXPECT_EQ(store->load_rooms().rooms.size(), 1);
    EXPECT_THAT(seqs_in(*store, 1), ElementsAre());
    EXPECT_EQ(collection("chat_events").find({}, {}, 0).size(), 1);
}

TEST_F(MongoLayout, RejectsAndNamesACollectionWithDocumentsOfBothPrograms) {
    fill();
    make_old();
    ASSERT_TRUE(collection("chat_events").insert(message_of_the_original(1)));
    EXPECT_THAT(opening(), ThrowsMessage<std::runtime_error>(
                               AllOf(HasSubstr("chat_events"), HasSubstr("of Globes and of another program"))));
    EXPECT_TRUE(collection("chat_rooms").exists()) << "nothing was renamed";
    EXPECT_FALSE(collection("globes_rooms").exists()) << "nothing was created";
}

TEST_F(MongoLayout, RejectsItsOwnNamesIfAnotherProgramUsesThem) {
    ASSERT_TRUE(collection("globes_events").insert(message_of_the_original(1)));
    EXPECT_THAT(opening(), ThrowsMessage<std::runtime_error>(HasSubstr("globes_events")));
    EXPECT_TRUE(collection("globes_events").indexes().empty());
    EXPECT_FALSE(collection("globes_counters").exists());
}

TEST_F(MongoLayout, RefusesToRenameWhileAServerOfTheOlderVersionRuns) {
    fill();
    make_old();
    std::uint64_t beats = 1'000;
    server_.set_tamper([&](const std::string&, std::string&) {
        // Increments the heartbeat as the other server does.
        collection("chat_counters")
            .update({{"_id", fake_text("heartbeat")}},
                    {{"$set", fake_document({{"value", fake_number(static_cast<std::int64_t>(++beats))}})}}, true);
        return true;
    });
    EXPECT_THAT(opening(), ThrowsMessage<std::runtime_error>(HasSubstr("older version runs on it; stop it first")));
    EXPECT_TRUE(collection("chat_events").exists());
}

TEST_F(MongoLayout, AReadOnlyStoreReportsThatTheServerMustBeStartedOnce) {
    fill();
    make_old();
    EXPECT_THAT(opening(MongoUse::read), ThrowsMessage<std::runtime_error>(HasSubstr("start the server once")));
    EXPECT_EQ(server_.count("renameCollection"), 0);
    open()->stop();
    expect_all_there(*open(MongoUse::read));
}

TEST_F(MongoLayout, ContinuesIfAnotherProcessRenamesTheCollectionsMeanwhile) {
    // The other process has finished after the command `left`.
    for (int at = 1;; ++at) {
        for (const char* name : {"rooms", "events", "counters", "removals"}) {
            collection((std::string("globes_") + name).c_str()) = {};
            collection((std::string("chat_") + name).c_str()) = {};
        }
        fill();
        make_old();
        int left = at;
        server_.set_tamper([&](const std::string& command, std::string&) {
            if (command == "isMaster" || command == "ismaster" || command == "hello" || --left != 0) return true;
            for (const char* kind : {"rooms", "events", "counters", "removals"}) {
                FakeDocuments& old = collection((std::string("chat_") + kind).c_str());
                if (old.exists()) collection((std::string("globes_") + kind).c_str()) = std::exchange(old, {});
            }
            return true;
        });
        const auto store = open();
        server_.set_tamper(nullptr);
        expect_all_there(*store);
        if (HasFailure() || left > 0) break;
        ASSERT_LT(at, 100);
    }
}

TEST_F(MongoLayout, AViewOfAnotherProgramUnderAnOlderNameIsIgnored) {
    for (const char* name : {"chat_events", "chat_rooms", "chat_counters", "chat_removals"})
        server_.describe(name, {{"type", fake_text("view")}, {"options", fake_document({{"viewOn", fake_text("x")}})}});
    EXPECT_EQ(commit(*open(), batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), committed);
}

TEST_F(MongoLayout, IndexesOfAnotherProgramThatCannotBeListedAreIgnored) {
    ASSERT_TRUE(collection("chat_events").insert(message_of_the_original(1)));
    bool is_first = true;
    server_.set_tamper([&](const std::string& command, std::string& message) {
        if (command != "listIndexes" || !std::exchange(is_first, false)) return true;
        message.resize(21);
        message += to_bson({{"ok", FakeValue(16, 0)}, {"code", FakeValue(16, 13)}});
        const auto length = static_cast<std::int32_t>(message.size());
        std::memcpy(message.data(), &length, sizeof length);
        return true;
    });
    EXPECT_NE(open(), nullptr);
    server_.set_tamper(nullptr);
    EXPECT_FALSE(is_first);
}

TEST_F(MongoLayout, RejectsItsOwnNamesIfTheyAreNotPlainCollections) {
    const auto capped = fake_document({{"capped", FakeValue(8, 1)}});
    for (const bool is_used : {false, true}) {
        if (is_used) fill();
        for (const char* name : {"globes_events", "globes_rooms", "globes_counters", "globes_removals"}) {
            for (const auto& [fields, kind] :
                 {std::pair(FakeDocument{{"type", fake_text("view")}}, "is a view"),
                  std::pair(FakeDocument{{"type", fake_text("timeseries")}}, "is a time series"),
                  std::pair(FakeDocument{{"options", capped}}, "is a capped collection")}) {
                server_.describe(name, fields);
                EXPECT_THAT(opening(), ThrowsMessage<std::runtime_error>(AllOf(HasSubstr(name), HasSubstr(kind))));
                server_.describe(name, {});
            }
        }
        EXPECT_NE(open(), nullptr);
    }
}

TEST_F(MongoLayout, RejectsAndNamesAUniqueIndexThatItDidNotCreate) {
    fill();
    for (const char* name : {"globes_events", "globes_rooms", "globes_counters", "globes_removals"}) {
        const FakeDocuments before = collection(name);
        collection(name).add_index("theirs", {{"text", fake_number(1)}});
        EXPECT_THAT(opening(), ThrowsMessage<std::runtime_error>(
                                   AllOf(HasSubstr(name), HasSubstr("unique index theirs"), HasSubstr("remove"))));
        collection(name) = before;
    }
    collection("globes_events").add_index("another_name", {{"room_id", fake_number(1)}, {"seq", fake_number(1)}});
    EXPECT_NE(open(), nullptr) << "it checks the same keys as Globes' own index";
}

TEST_F(MongoLayout, RejectsTheDatabaseOfANewerVersion) {
    fill();
    set_layout(4);
    EXPECT_THAT(opening(), ThrowsMessage<std::runtime_error>(HasSubstr("newer version of Globes")));
}

TEST_F(MongoLayout, AConfiguredDatabaseNameTakesPrecedenceOverTheDefault) {
    const auto store = open_mongo_store({.uri = server_.uri(), .database = "elsewhere", .times = kHasty});
    EXPECT_THAT([&] { open_mongo_store({.uri = "mongodb://127.0.0.1:1/", .database = "elsewhere", .times = kHasty}); },
                ThrowsMessage<std::runtime_error>(HasSubstr("database elsewhere: cannot be reached")));
}

/// The collections keep their documents and indexes.
void rename_on(const std::string& server) {
    const std::string uri = fresh_database(server);
    const std::string database = uri.substr(uri.rfind('/') + 1);
    const auto store = open_mongo_store({.uri = uri, .times = kQuick});
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), committed);
    store->stop();
    const mongo::ConnectionPool pool(uri, kQuick);
    mongo::Session session(pool, database);
    for (const char* kind : {"rooms", "events", "counters"})
        session.rename((std::string("globes_") + kind).c_str(), (std::string("chat_") + kind).c_str());
    mongo::Document layout;
    layout.text("_id", "layout");
    ASSERT_EQ(session.remove("chat_counters", layout).status, mongo::WriteStatus::acknowledged);
    const auto renamed = open_mongo_store({.uri = uri, .times = kQuick});
    EXPECT_EQ(renamed->load_rooms().rooms.size(), 1);
    EXPECT_THAT(seqs_in(*renamed, 1), ElementsAre(1));
    Event repeat = sample_event(1, 2);
    repeat.client_id = sample_event(1, 1).client_id;
    EXPECT_EQ(commit(*renamed, batch_of(AppendEvent{repeat})), failed) << "the unique index exists";
    EXPECT_EQ(commit(*renamed, batch_of(AppendEvent{sample_event(1, 2)})), committed);
}

TEST(MongoLayoutOnServers, FerretdbRenamesCollections) {
    GLOBES_SKIP_WITHOUT_MONGODB();
    rename_on(*shared_mongodb());
}

TEST(MongoLayoutOnServers, FerretdbReportsACappedCollection) {
    GLOBES_SKIP_WITHOUT_MONGODB();
    const std::string uri = fresh_database(*shared_mongodb());
    const mongo::ConnectionPool pool(uri, kQuick);
    mongo::Session session(pool, uri.substr(uri.rfind('/') + 1));
    mongo::Document create;
    create.text("create", "globes_events").boolean("capped", true).integer("size", 8192);
    session.command(create, [](const mongo::DocumentView&) {});
    EXPECT_THAT([&] { open_mongo_store({.uri = uri, .times = kQuick}); },
                ThrowsMessage<std::runtime_error>(HasSubstr("globes_events is a capped collection")));
}

TEST(MongoLayoutOnServers, MongoJavaServerReportsAnIndexOfAnotherProgram) {
    if (!shared_mongo_java_server()) GTEST_SKIP() << "no mongo-java-server to test with";
    const std::string uri = fresh_database(*shared_mongo_java_server());
    const mongo::ConnectionPool pool(uri, kQuick);
    mongo::Session session(pool, uri.substr(uri.rfind('/') + 1));
    mongo::Document key;
    key.integer("text", 1);
    std::vector<mongo::Document> indexes;
    indexes.emplace_back().document("key", key).text("name", "theirs").boolean("unique", true);
    mongo::Document create;
    create.text("createIndexes", "globes_events").documents("indexes", indexes);
    session.command(create, [](const mongo::DocumentView&) {});
    EXPECT_THAT([&] { open_mongo_store({.uri = uri, .times = kQuick}); },
                ThrowsMessage<std::runtime_error>(HasSubstr("globes_events has a unique index theirs")));
}

TEST(MongoLayoutOnServers, MongoJavaServerRenamesCollections) {
    if (!shared_mongo_java_server()) GTEST_SKIP() << "no mongo-java-server to test with";
    rename_on(*shared_mongo_java_server());
}

}  // namespace
}  // namespace globes::store
