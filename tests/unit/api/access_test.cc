#include "api/access.h"

#include <gtest/gtest.h>

#include "unit/chat/fakes.h"

namespace globes::api {
namespace {

using chat::RoomRecord;
using chat::Visibility;

constexpr Error kUnauthorized{ErrorCode::room_unauthorized};
constexpr Error kInvalidToken{ErrorCode::invalid_token, "token"};

class AccessTest : public testing::Test {
protected:
    static RoomRecord room(Visibility visibility, bool owned) {
        return {.id = 2,
                .title = "Tea",
                .visibility = visibility,
                .password_hash = visibility == Visibility::public_room ? "" : "hash",
                .owned = owned,
                .salt = "0123456789abcdef0123456789abcdef"};
    }
    std::string room_token(const RoomRecord& of) const { return tokens.issue_room_token(of, "ann"); }
    std::string owner_token(const RoomRecord& of) const { return tokens.issue_owner_token(of, "eve"); }
    Result<void> change(const RoomRecord& record, std::string_view token) const {
        return may_change(record, token, tokens);
    }
    static RoomRecord other(RoomRecord record) {
        record.id = 3;
        return record;
    }

    chat::ManualClock clock;
    const chat::Tokens tokens{"0123456789abcdef", clock, std::chrono::minutes(60)};
    const RoomRecord open = room(Visibility::public_room, false);
    const RoomRecord open_owned = room(Visibility::public_room, true);
    const RoomRecord secret = room(Visibility::private_room, false);
    const RoomRecord secret_owned = room(Visibility::private_room, true);
    const RoomRecord hidden = room(Visibility::hidden_room, false);
};

TEST_F(AccessTest, AnyoneMayChangeAPublicRoomWithoutAnOwner) {
    EXPECT_TRUE(change(open, ""));
    EXPECT_TRUE(change(open, "no token at all"));
}

TEST_F(AccessTest, NobodyMayChangePublicChat) {
    RoomRecord record = open;
    record.id = chat::kPublicChatId;
    EXPECT_EQ(change(record, "").error(), kUnauthorized);
    EXPECT_EQ(change(record, "nonsense").error(), kUnauthorized);
    EXPECT_EQ(change(record, owner_token(record)).error(), kUnauthorized);
}

TEST_F(AccessTest, OnlyTheOwnerMayChangeAnOwnedPublicRoom) {
    EXPECT_EQ(change(open_owned, "").error(), kUnauthorized);
    EXPECT_EQ(change(open_owned, "nonsense").error(), kInvalidToken);
    EXPECT_EQ(change(open_owned, owner_token(other(open_owned))).error(), kInvalidToken);
    EXPECT_TRUE(change(open_owned, owner_token(open_owned)));
}

TEST_F(AccessTest, AnyoneWithATokenMayChangeAProtectedRoomWithoutAnOwner) {
    for (const RoomRecord& record : {secret, hidden}) {
        EXPECT_TRUE(change(record, room_token(record)));
        EXPECT_EQ(change(record, "").error(), kInvalidToken);
        EXPECT_EQ(change(record, "nonsense").error(), kInvalidToken);
        EXPECT_EQ(change(record, room_token(other(record))).error(), kInvalidToken);
    }
}

TEST_F(AccessTest, OnlyTheOwnerMayChangeAnOwnedProtectedRoom) {
    EXPECT_EQ(change(secret_owned, "").error(), kInvalidToken);
    EXPECT_EQ(change(secret_owned, "nonsense").error(), kInvalidToken);
    EXPECT_EQ(change(secret_owned, room_token(secret_owned)).error(), kUnauthorized);
    EXPECT_TRUE(change(secret_owned, owner_token(secret_owned)));
}

TEST_F(AccessTest, AnOwnersTokenIsInvalidWithoutAnOwner) {
    EXPECT_EQ(change(secret, owner_token(secret)).error(), kInvalidToken);
    EXPECT_EQ(may_enter(secret, owner_token(secret), tokens).error(), kInvalidToken);
    EXPECT_FALSE(*may_enter(open, owner_token(open), tokens)) << "as without a token";
    EXPECT_TRUE(change(open, owner_token(open)));
}

TEST_F(AccessTest, OnlyAnOwnersTokenEndsOwnersTokens) {
    const auto refusal = [&](const RoomRecord& record, std::string_view token) {
        const auto owner = must_be_owner(record, token, tokens);
        return owner ? Error{ErrorCode::unavailable} : owner.error();
    };
    for (const RoomRecord& record : {open_owned, secret_owned}) {
        const auto owner = must_be_owner(record, owner_token(record), tokens);
        ASSERT_TRUE(owner);
        EXPECT_EQ(owner->username, "eve");
        EXPECT_EQ(refusal(record, "nonsense"), kInvalidToken);
        EXPECT_EQ(refusal(record, owner_token(other(record))), kInvalidToken);
    }
    EXPECT_EQ(refusal(open_owned, ""), kUnauthorized);
    EXPECT_EQ(refusal(secret_owned, ""), kInvalidToken);
    EXPECT_EQ(refusal(secret_owned, room_token(secret_owned)), kUnauthorized);
}

TEST_F(AccessTest, WithoutAnOwnerNoTokenEndsOwnersTokens) {
    const auto refusal = [&](const RoomRecord& record, std::string_view token) {
        return must_be_owner(record, token, tokens).error();
    };
    EXPECT_EQ(refusal(open, ""), kUnauthorized);
    EXPECT_EQ(refusal(open, owner_token(open)), kInvalidToken);
    EXPECT_EQ(refusal(secret, ""), kInvalidToken);
    EXPECT_EQ(refusal(secret, owner_token(secret)), kInvalidToken);
    EXPECT_EQ(refusal(secret, room_token(secret)), kUnauthorized);
    RoomRecord first = open;
    first.id = chat::kPublicChatId;
    EXPECT_EQ(refusal(first, ""), kUnauthorized);
    EXPECT_EQ(refusal(first, owner_token(first)), kUnauthorized);
}

TEST_F(AccessTest, AnExpiredTokenIsInvalid) {
    const std::string token = room_token(secret);
    clock.now += 3'600'000'000;
    EXPECT_EQ(change(secret, token).error(), kInvalidToken);
    EXPECT_EQ(may_enter(secret, token, tokens).error(), kInvalidToken);
}

TEST_F(AccessTest, AnyoneMayEnterAPublicRoom) {
    for (const char* token : {"", "nonsense"}) {
        const auto claims = may_enter(open, token, tokens);
        ASSERT_TRUE(claims) << token;
        EXPECT_FALSE(*claims) << token;
    }
}

TEST_F(AccessTest, TheOwnerIsKnownInAPublicRoom) {
    const auto claims = may_enter(open_owned, owner_token(open_owned), tokens);
    ASSERT_TRUE(claims);
    ASSERT_TRUE(*claims);
    EXPECT_TRUE((*claims)->owner);
    EXPECT_EQ((*claims)->username, "eve");
}

TEST_F(AccessTest, AProtectedRoomNeedsAToken) {
    for (const RoomRecord& record : {secret, secret_owned, hidden}) {
        EXPECT_EQ(may_enter(record, "", tokens).error(), kInvalidToken);
        EXPECT_EQ(may_enter(record, "nonsense", tokens).error(), kInvalidToken);
        EXPECT_EQ(may_enter(record, room_token(other(record)), tokens).error(), kInvalidToken);
        const auto claims = may_enter(record, room_token(record), tokens);
        ASSERT_TRUE(claims && *claims);
        EXPECT_EQ((*claims)->username, "ann");
        EXPECT_FALSE((*claims)->owner);
    }
}

TEST_F(AccessTest, TheOwnersTokenOpensAProtectedRoomWhateverItsPassword) {
    const std::string token = owner_token(secret_owned);
    RoomRecord changed = secret_owned;
    changed.password_hash = "another";
    ++changed.token_epoch;
    const auto claims = may_enter(changed, token, tokens);
    ASSERT_TRUE(claims && *claims);
    EXPECT_TRUE((*claims)->owner);
    EXPECT_EQ(may_enter(changed, room_token(secret_owned), tokens).error(), kInvalidToken);
}

}  // namespace
}  // namespace globes::api
