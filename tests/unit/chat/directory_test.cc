#include "chat/directory.h"

#include <gmock/gmock.h>

#include <set>

#include "unit/chat/fakes.h"

namespace globes::chat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DirectoryTest : public testing::Test {
protected:
    Room& add(RoomRecord record) {
        EXPECT_TRUE(directory.claim_title(record.title, record.id));
        return directory.insert(std::make_unique<Room>(StoredRoom{.record = std::move(record)}, shared));
    }
    std::vector<RoomId> listed(RoomId after = 0, std::size_t limit = 100) const {
        std::vector<RoomId> ids;
        for (const Room* room : directory.list(after, limit)) ids.push_back(room->record().id);
        return ids;
    }

    TextEncoder encoder;
    ManualClock clock;
    ExpiryClock expiry_clock{clock};
    Room::Shared shared{
        .limits = {}, .encoder = encoder, .clock = clock, .expiry_clock = expiry_clock, .io_threads = 1};
    Directory directory;
};

TEST_F(DirectoryTest, FindsByIdAndByTitleWithoutRegardToCase) {
    Room& room = add({.id = 5, .title = "Żółw tea"});
    EXPECT_EQ(directory.find(5), &room);
    EXPECT_EQ(directory.find(RoomKey::of("5")), &room);
    EXPECT_EQ(directory.find(RoomKey::of("żÓŁW TEA")), &room);
    EXPECT_EQ(directory.find(RoomKey::of("tea")), nullptr);
    EXPECT_EQ(directory.find(RoomKey::of("")), nullptr);
    EXPECT_EQ(directory.find(6), nullptr);
    EXPECT_EQ(directory.size(), 1U);
}

TEST_F(DirectoryTest, CountsIdsUpFromTheGivenId) {
    EXPECT_EQ(directory.new_id(Visibility::public_room), 1U);
    EXPECT_EQ(directory.new_id(Visibility::private_room), 2U);
    directory.new_id(Visibility::hidden_room);
    EXPECT_EQ(directory.new_id(Visibility::public_room), 3U);
    directory = Directory(40);
    EXPECT_EQ(directory.new_id(Visibility::public_room), 40U);
}

TEST_F(DirectoryTest, UsesNoIdAgainAfterItsRoomWasErased) {
    const RoomId id = directory.new_id(Visibility::public_room);
    add({.id = id, .title = "Tea"});
    directory.erase(id);
    EXPECT_NE(directory.new_id(Visibility::public_room), id);
}

TEST_F(DirectoryTest, HiddenRoomsGetRandomIdsOf48To53Bits) {
    std::set<RoomId> ids;
    RoomId all_bits = 0;
    RoomId common_bits = ~RoomId{0};
    for (int i = 0; i < 200; ++i) {
        const RoomId id = directory.new_id(Visibility::hidden_room);
        EXPECT_GE(id, RoomId{1} << 48);
        EXPECT_LT(id, RoomId{1} << 53);
        ids.insert(id);
        all_bits |= id;
        common_bits &= id;
    }
    EXPECT_EQ(ids.size(), 200U);
    // Each bit was once set and once not, so the ids are not counted (wrong by chance once in 2^190 runs).
    EXPECT_EQ(all_bits, (RoomId{1} << 53) - 1);
    EXPECT_EQ(common_bits, 0U);
}

TEST_F(DirectoryTest, ListsRoomsThatAreNotHiddenInOrderOfId) {
    add({.id = 9, .title = "nine"});
    add({.id = 2, .title = "two", .visibility = Visibility::private_room});
    add({.id = kFirstRandomRoomId + 1, .title = "hidden", .visibility = Visibility::hidden_room});
    add({.id = 4, .title = "four"});
    EXPECT_THAT(listed(), ElementsAre(2, 4, 9));
    EXPECT_THAT(listed(0, 2), ElementsAre(2, 4));
    EXPECT_THAT(listed(2, 2), ElementsAre(4, 9));
    EXPECT_THAT(listed(3), ElementsAre(4, 9));
    EXPECT_THAT(listed(9), IsEmpty());
    EXPECT_THAT(listed(0, 0), IsEmpty());
}

TEST_F(DirectoryTest, ARoomEntersAndLeavesTheListWithItsVisibility) {
    Room& room = add({.id = 2, .title = "Tea"});
    RoomRecord record = room.record();
    record.visibility = Visibility::hidden_room;
    directory.change(room, record);
    EXPECT_THAT(listed(), IsEmpty());
    EXPECT_EQ(directory.find(RoomKey::of("tea")), &room);
    record.visibility = Visibility::private_room;
    directory.change(room, record);
    EXPECT_THAT(listed(), ElementsAre(2));
}

TEST_F(DirectoryTest, ATitleBelongsToOneRoomWithoutRegardToCase) {
    add({.id = 2, .title = "Tea"});
    EXPECT_FALSE(directory.claim_title("TEA", 3));
    EXPECT_TRUE(directory.claim_title("TEA", 2));
    EXPECT_TRUE(directory.claim_title("Coffee", 3));
    EXPECT_FALSE(directory.claim_title("coffee", 2));
}

TEST_F(DirectoryTest, AClaimedTitleIsNotARoomYet) {
    ASSERT_TRUE(directory.claim_title("Tea", 2));
    EXPECT_EQ(directory.find(RoomKey::of("Tea")), nullptr);
}

TEST_F(DirectoryTest, OnlyItsRoomFreesATitle) {
    ASSERT_TRUE(directory.claim_title("Tea", 2));
    directory.free_title("tea", 3);
    EXPECT_FALSE(directory.claim_title("Tea", 3));
    directory.free_title("TEA", 2);
    EXPECT_TRUE(directory.claim_title("Tea", 3));
}

TEST_F(DirectoryTest, ARenamedRoomIsFoundByItsNewTitleAndFreesTheOld) {
    Room& room = add({.id = 2, .title = "Tea"});
    ASSERT_TRUE(directory.claim_title("Coffee", 2));
    directory.change(room, {.id = 2, .title = "Coffee"});
    EXPECT_EQ(directory.find(RoomKey::of("coffee")), &room);
    EXPECT_EQ(directory.find(RoomKey::of("tea")), nullptr);
    EXPECT_TRUE(directory.claim_title("Tea", 3));
}

TEST_F(DirectoryTest, ARoomThatChangesTheCaseOfItsTitleKeepsIt) {
    Room& room = add({.id = 2, .title = "Tea"});
    directory.change(room, {.id = 2, .title = "TEA"});
    EXPECT_EQ(directory.find(RoomKey::of("tea")), &room);
    EXPECT_FALSE(directory.claim_title("tea", 3));
}

TEST_F(DirectoryTest, AnErasedRoomIsNotFoundAnywhere) {
    add({.id = 2, .title = "Tea"});
    directory.erase(2);
    directory.erase(2);
    EXPECT_EQ(directory.find(2), nullptr);
    EXPECT_EQ(directory.find(RoomKey::of("Tea")), nullptr);
    EXPECT_THAT(listed(), IsEmpty());
    EXPECT_EQ(directory.size(), 0U);
    EXPECT_TRUE(directory.claim_title("Tea", 3));
}

}  // namespace
}  // namespace globes::chat
