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
        EXPECT_TRUE(directory.claim_title(record.title, record.visibility, record.id));
        return directory.insert(std::make_unique<Room>(StoredRoom{.record = std::move(record)}, shared));
    }
    bool claim(const std::string& title, RoomId id, Visibility visibility = Visibility::public_room) {
        return directory.claim_title(title, visibility, id).has_value();
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
    EXPECT_FALSE(claim("TEA", 3));
    EXPECT_TRUE(claim("TEA", 2));
    EXPECT_TRUE(claim("Coffee", 3));
    EXPECT_FALSE(claim("coffee", 2));
}

constexpr const char* kTeaInCyrillic = "T\u0435\u0430";

TEST_F(DirectoryTest, ATitleThatLooksLikeThatOfAListedRoomIsTaken) {
    add({.id = 2, .title = "Tea"});
    const auto claimed = directory.claim_title(kTeaInCyrillic, Visibility::private_room, 3);
    ASSERT_FALSE(claimed);
    EXPECT_EQ(claimed.error().code, ErrorCode::duplicate_room);
    EXPECT_EQ(claimed.error().field, "title");
    EXPECT_NE(claimed.error().reason, "") << "says why a title is taken that no room has";
    EXPECT_FALSE(claim("Te\u200Ba", 3));
    EXPECT_TRUE(claim("Tea 2", 3));
    EXPECT_EQ(directory.find(RoomKey::of(kTeaInCyrillic)), nullptr) << "a path names a room by its title alone";
}

TEST_F(DirectoryTest, AHiddenRoomMayHaveALookAlikeAndBeOne) {
    add({.id = 2, .title = "Tea"});
    EXPECT_TRUE(claim(kTeaInCyrillic, 3, Visibility::hidden_room));
    add({.id = 4, .title = "Milk", .visibility = Visibility::hidden_room});
    EXPECT_TRUE(claim("M\u0456lk", 5)) << "a refusal would tell that the hidden room exists";
    EXPECT_FALSE(claim("milk", 6)) << "but no two rooms have one title";
}

TEST_F(DirectoryTest, ARoomThatLeavesTheListFreesItsLookAlikes) {
    Room& room = add({.id = 2, .title = "Tea"});
    directory.change(room, {.id = 2, .title = "Tea", .visibility = Visibility::hidden_room});
    EXPECT_TRUE(claim(kTeaInCyrillic, 3));
    EXPECT_FALSE(claim("Tea", 2)) << "so it cannot enter the list again";
}

TEST_F(DirectoryTest, AFailedChangeFreesTheLookAlikesOfTheNewTitleOnly) {
    add({.id = 2, .title = "Tea"});
    ASSERT_TRUE(claim("Coffee", 2));
    directory.free_title("Coffee", 2);
    EXPECT_TRUE(claim("C\u043Effee", 3));
    EXPECT_FALSE(claim(kTeaInCyrillic, 4));
    ASSERT_TRUE(claim(" TEA", 2)) << "looks the same";
    directory.free_title(" TEA", 2);
    EXPECT_FALSE(claim(kTeaInCyrillic, 4));
}

TEST_F(DirectoryTest, StoredRoomsMayLookAlike) {
    add({.id = 2, .title = "Tea"});
    EXPECT_TRUE(directory.claim_stored_title(kTeaInCyrillic, Visibility::public_room, 3));
    EXPECT_FALSE(directory.claim_stored_title("TEA", Visibility::public_room, 4));
    directory.erase(2);
    EXPECT_FALSE(claim("Tea", 5)) << "it looks like that of room 3";
}

TEST_F(DirectoryTest, AClaimedTitleIsNotARoomYet) {
    ASSERT_TRUE(claim("Tea", 2));
    EXPECT_EQ(directory.find(RoomKey::of("Tea")), nullptr);
}

TEST_F(DirectoryTest, OnlyItsRoomFreesATitle) {
    ASSERT_TRUE(claim("Tea", 2));
    directory.free_title("tea", 3);
    EXPECT_FALSE(claim("Tea", 3));
    directory.free_title("TEA", 2);
    EXPECT_TRUE(claim("Tea", 3));
}

TEST_F(DirectoryTest, ARenamedRoomIsFoundByItsNewTitleAndFreesTheOld) {
    Room& room = add({.id = 2, .title = "Tea"});
    ASSERT_TRUE(claim("Coffee", 2));
    directory.change(room, {.id = 2, .title = "Coffee"});
    EXPECT_EQ(directory.find(RoomKey::of("coffee")), &room);
    EXPECT_EQ(directory.find(RoomKey::of("tea")), nullptr);
    EXPECT_TRUE(claim("Tea", 3));
}

TEST_F(DirectoryTest, ARoomThatChangesTheCaseOfItsTitleKeepsIt) {
    Room& room = add({.id = 2, .title = "Tea"});
    directory.change(room, {.id = 2, .title = "TEA"});
    EXPECT_EQ(directory.find(RoomKey::of("tea")), &room);
    EXPECT_FALSE(claim("tea", 3));
}

TEST_F(DirectoryTest, AnErasedRoomIsNotFoundAnywhere) {
    add({.id = 2, .title = "Tea"});
    directory.erase(2);
    directory.erase(2);
    EXPECT_EQ(directory.find(2), nullptr);
    EXPECT_EQ(directory.find(RoomKey::of("Tea")), nullptr);
    EXPECT_THAT(listed(), IsEmpty());
    EXPECT_EQ(directory.size(), 0U);
    EXPECT_TRUE(claim("Tea", 3));
}

}  // namespace
}  // namespace globes::chat
