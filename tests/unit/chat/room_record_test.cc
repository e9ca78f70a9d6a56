#include "chat/room_record.h"

#include <gtest/gtest.h>

#include <set>

namespace globes::chat {
namespace {

TEST(RoomSalt, IsRandomAndOfFixedLength) {
    const std::string salt = new_room_salt();
    EXPECT_EQ(salt.size(), 32U);
    EXPECT_TRUE(is_room_salt(salt));
    EXPECT_NE(new_room_salt(), salt);
}

TEST(RoomSalt, OtherTextsAreRefused) {
    const std::string salt = "0123456789abcdef0123456789abcdef";
    ASSERT_TRUE(is_room_salt(salt));
    for (const std::string& text :
         {std::string(), salt + "0", salt.substr(1), "A" + salt.substr(1), "g" + salt.substr(1)})
        EXPECT_FALSE(is_room_salt(text)) << text;
}

TEST(TokenEpoch, IsNeverTheSameAgainAndExactInJson) {
    std::set<std::uint64_t> epochs{0, 1};
    for (int count = 0; count < 100; ++count) {
        // Of a backup that is restored again and again.
        const std::uint64_t epoch = new_token_epoch(1);
        EXPECT_TRUE(epochs.insert(epoch).second) << epoch;
        EXPECT_LT(epoch, std::uint64_t{1} << 53);
    }
}

TEST(RoomKey, DigitsOnlyAreAnId) {
    EXPECT_EQ(RoomKey::of("2").id, 2U);
    EXPECT_EQ(RoomKey::of("0").id, 0U);
    EXPECT_EQ(RoomKey::of("007").id, 7U);
    EXPECT_EQ(RoomKey::of("9007199254740991").id, (RoomId{1} << 53) - 1);
    EXPECT_EQ(RoomKey::of("2").folded_title, "");
}

TEST(RoomKey, ANumberBeyondAllRoomIdsIsTheIdOfNoRoom) {
    EXPECT_EQ(RoomKey::of("18446744073709551616").id, 0U);
    EXPECT_EQ(RoomKey::of("99999999999999999999999999999999").id, 0U);
}

TEST(RoomKey, OtherTextsAreTitlesWithoutRegardToCase) {
    for (const char* title : {"-1", "+1", "1.0", "1 ", "2nd room", "0x10", "", "٤٢"}) {
        EXPECT_FALSE(RoomKey::of(title).id) << title;
        EXPECT_EQ(RoomKey::of(title).folded_title, title);
    }
    EXPECT_EQ(RoomKey::of("Public CHAT").folded_title, "public chat");
    EXPECT_EQ(RoomKey::of("ŻÓŁĆ").folded_title, "żółć");
}

TEST(LoggableId, HidesTheIdsThatAreSecret) {
    EXPECT_EQ(loggable_id(2), "2");
    EXPECT_EQ(loggable_id(kFirstRandomRoomId - 1), "281474976710655");
    EXPECT_EQ(loggable_id(kFirstRandomRoomId), "hidden");
    EXPECT_EQ(loggable_id(kEndOfRoomIds - 1), "hidden");
}

}  // namespace
}  // namespace globes::chat
