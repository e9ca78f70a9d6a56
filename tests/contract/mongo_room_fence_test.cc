// Two stores on one database while a change of a room by the older one is in flight: the room stays as the newer one
// has loaded it.
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "contract/fake_mongodb.h"
#include "contract/store_suite.h"
#include "store/mongo/mongo_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using namespace std::chrono_literals;
using testing::ElementsAre;
using enum CommitOutcome;

// No heartbeat: the older store notices the newer one only by its own writes.
constexpr MongoTimes kNoHeartbeat{.heartbeat = 1h};

class MongoRoomFence : public testing::Test {
protected:
    std::unique_ptr<Store> open() { return open_mongo_store({.uri = server_.uri(), .times = kNoHeartbeat}); }

    /// Does `act` after the next such command was received and before it is carried out.
    void meanwhile(std::string command, std::string collection, std::function<void()> act) {
        server_.set_before([=, this](const std::string& asked, const std::string& in) {
            if (asked != command || in != collection) return;
            server_.set_before(nullptr);
            act();
        });
    }
    /// The newer store starts, and then does `act` before it loads the rooms, while a write of the older one is in
    /// flight.
    CommitOutcome overtaken(StoreWrite write, std::string command) {
        meanwhile(std::move(command), "globes_rooms", [this] { newer_ = open(); });
        return commit(*older_, {std::move(write)});
    }
    std::vector<RoomRecord> stored_records() {
        std::vector<RoomRecord> records;
        for (const StoredRoom& room : open()->load_rooms().rooms) records.push_back(room.record);
        return records;
    }

    FakeMongodb server_;
    std::unique_ptr<Store> older_ = open();
    std::unique_ptr<Store> newer_;
};

TEST_F(MongoRoomFence, ARoomThatTheNewerHasLoadedIsNotRemovedByTheOlder) {
    ASSERT_EQ(commit(*older_, batch_of(PutRoom{sample_room(2)}, AppendEvent{sample_event(2, 1)})), committed);
    EXPECT_NE(overtaken(DeleteRoom{2}, "delete"), committed);
    ASSERT_EQ(newer_->load_rooms().rooms.size(), 1);
    EXPECT_EQ(commit(*newer_, appends(2, 2, 4)), committed);
    EXPECT_FALSE(ping(*older_));
    EXPECT_THAT(seqs_in(*newer_, 2), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(stored_records(), ElementsAre(sample_room(2)));
    EXPECT_THAT(seqs_in(*open(), 2), ElementsAre(1, 2, 3, 4));
}

TEST_F(MongoRoomFence, ARoomThatTheNewerHasLoadedIsNotChangedByTheOlder) {
    ASSERT_EQ(commit(*older_, batch_of(PutRoom{sample_room(2)})), committed);
    RoomRecord changed = sample_room(2);
    changed.title = "Of the older one";
    EXPECT_NE(overtaken(PutRoom{changed}, "update"), committed);
    EXPECT_EQ(newer_->load_rooms().rooms.at(0).record, sample_room(2));
    EXPECT_EQ(commit(*older_, batch_of(AppendEvent{sample_event(2, 1)})), failed);
    changed.title = "Of the newer one";
    EXPECT_EQ(commit(*newer_, batch_of(PutRoom{changed})), committed);
    EXPECT_THAT(stored_records(), ElementsAre(changed));
}

TEST_F(MongoRoomFence, TheOlderPurgesNothingInARoomThatTheNewerHasLoaded) {
    ASSERT_EQ(commit(*older_, batch_of(PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(*older_, appends(2, 1, 3)), committed);
    EXPECT_NE(overtaken(PurgeEvents{2, 2}, "update"), committed);
    EXPECT_THAT(seqs_in(*newer_, 2), ElementsAre(1, 2, 3));
    EXPECT_THAT(seqs_in(*open(), 2), ElementsAre(1, 2, 3));
}

TEST_F(MongoRoomFence, APublicChatThatBothCreateBelongsToTheNewer) {
    RoomRecord mine = sample_room(kPublicChatId);
    ++mine.created_at;
    meanwhile("insert", "globes_rooms", [this] { newer_ = open(); });
    ASSERT_EQ(commit(*older_, batch_of(PutRoom{sample_room(kPublicChatId)})), committed)
        << "no document conflicts with it";
    ASSERT_TRUE(newer_->load_rooms().rooms.empty());
    EXPECT_EQ(commit(*newer_, batch_of(PutRoom{mine})), committed);
    EXPECT_EQ(commit(*newer_, batch_of(AppendEvent{sample_event(kPublicChatId, 1)})), committed);
    EXPECT_THAT(stored_records(), ElementsAre(mine));
}

TEST_F(MongoRoomFence, ARoomOfAnotherTitleUnderTheSameIdIsNotOverwritten) {
    RoomRecord other = sample_room(5);
    other.title = "Of the older one";
    meanwhile("insert", "globes_rooms", [this] { newer_ = open(); });
    ASSERT_EQ(commit(*older_, batch_of(PutRoom{other})), committed) << "no document conflicts with it";
    EXPECT_EQ(commit(*newer_, batch_of(PutRoom{sample_room(5)})), failed);
    EXPECT_TRUE(ping(*newer_));
    EXPECT_THAT(stored_records(), ElementsAre(other));
}

TEST_F(MongoRoomFence, ARoomThatIsCreatedDuringATakeOverIsTakenOverToo) {
    ASSERT_EQ(commit(*older_, batch_of(PutRoom{sample_room(2)}, PutRoom{sample_room(3)})), committed);
    const FakeDocument by_id = {{"_id", fake_number(3)}};
    auto contents = server_.contents();
    const FakeDocument late = contents["globes_rooms"].find(by_id, {}, 1).at(0);
    contents["globes_rooms"].remove(by_id);
    server_.set_contents(std::move(contents));
    meanwhile("update", "globes_rooms", [&] {
        auto now = server_.contents();
        now["globes_rooms"].insert(late);
        server_.set_contents(std::move(now));
    });
    newer_ = open();
    EXPECT_EQ(newer_->load_rooms().rooms.size(), 2);
    for (const FakeDocument& room : server_.contents()["globes_rooms"].find({}, {}, 0))
        EXPECT_EQ(field_of(room, "writer").number, 2);
}

TEST_F(MongoRoomFence, RoomsOfAVersionWithoutWritersAreTakenOver) {
    ASSERT_EQ(commit(*older_, batch_of(PutRoom{sample_room(2)})), committed);
    older_->stop();
    auto contents = server_.contents();
    FakeDocuments rooms;
    for (const auto& [name, key] : contents["globes_rooms"].indexes()) rooms.add_index(name, key);
    for (FakeDocument document : contents["globes_rooms"].find({}, {}, 0)) {
        std::erase_if(document, [](const auto& field) { return field.first == "writer"; });
        rooms.insert(document);
    }
    contents["globes_rooms"] = std::move(rooms);
    server_.set_contents(std::move(contents));
    older_ = open();
    RoomRecord changed = sample_room(2);
    changed.title = "Changed";
    EXPECT_EQ(commit(*older_, batch_of(PutRoom{changed})), committed);
    changed.title = "Changed again";
    EXPECT_NE(overtaken(PutRoom{changed}, "update"), committed);
    EXPECT_EQ(commit(*newer_, batch_of(DeleteRoom{2})), committed);
    EXPECT_THAT(stored_records(), ElementsAre());
}

}  // namespace
}  // namespace globes::store
