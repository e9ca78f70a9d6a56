#include "chat/tokens.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/hmac.h>

#include <thread>
#include <vector>

namespace globes::chat {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr std::int64_t kNow = 1'607'030'634;  // Seconds.
constexpr std::int64_t kDay = 86'400;
constexpr std::string_view kSecret = "0123456789abcdef";

class FakeClock final : public Clock {
public:
    UnixMicros now_us() const override { return now_us_; }
    std::chrono::steady_clock::time_point steady() const override { return {}; }
    void advance(std::chrono::seconds time) { now_us_ += std::chrono::microseconds(time).count(); }

private:
    UnixMicros now_us_ = kNow * 1'000'000 + 421'318;
};

std::string base64url(std::string_view bytes) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6) text += kDigits[bits >> (count - 6) & 63];
    }
    if (count > 0) text += kDigits[bits << (6 - count) & 63];
    return text;
}

std::string decode_base64url(std::string_view text) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char digit : text) {
        bits = bits << 6 | static_cast<std::uint32_t>(kDigits.find(digit));
        if ((count += 6) >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 0xFF);
    }
    return bytes;
}

std::string hmac(const EVP_MD* digest, std::string_view key, std::string_view message) {
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(digest, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
         message.size(), mac, &size);
    return {reinterpret_cast<const char*>(mac), size};
}

std::string big_endian(std::uint64_t number) {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xFF);
    return bytes;
}

// The keys as the server derives them, computed here again: a change that invalidates all tokens must not happen by
// accident.
std::string room_key(const RoomRecord& room) {
    return hmac(
        EVP_sha256(), kSecret,
        "globes room token v2" + big_endian(room.id) + room.salt + big_endian(room.token_epoch) + room.password_hash);
}
std::string owner_key(const RoomRecord& room) {
    return hmac(EVP_sha256(), kSecret,
                "globes owner token v2" + big_endian(room.id) + room.salt + big_endian(room.owner_epoch));
}
// Those of the versions before rooms had salts.
std::string old_room_key(const RoomRecord& room) {
    return hmac(EVP_sha256(), kSecret,
                "globes room token v1" + big_endian(room.id) + big_endian(room.token_epoch) + room.password_hash);
}
std::string old_owner_key(const RoomRecord& room) {
    return hmac(EVP_sha256(), kSecret, "globes owner token v1" + big_endian(room.id));
}

constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";

std::string forge(std::string_view key, std::string_view claims, std::string_view header = kHeader,
                  const EVP_MD* digest = EVP_sha256()) {
    const auto text = base64url(header) + '.' + base64url(claims);
    return text + '.' + base64url(hmac(digest, key, text));
}

class TokensTest : public testing::Test {
protected:
    TokensTest() {
        room_ = {.id = 2,
                 .visibility = Visibility::private_room,
                 .password_hash = "$2b$10$hash",
                 .owned = true,
                 .token_epoch = 7,
                 .owner_epoch = 5,
                 .salt = "0123456789abcdef0123456789abcdef"};
        public_room_ = {.id = 3, .owned = true, .salt = "fedcba9876543210fedcba9876543210"};
        // Created ten days ago, and upgraded two days ago.
        old_room_ = room_;
        old_room_.owner_epoch = 0;
        old_room_.created_at = (kNow - 10 * kDay) * 1'000'000 + 999'999;
        old_room_.old_keys_until = (kNow - 2 * kDay) * 1'000'000 + 1;
    }

    bool accepts(std::string_view token) const { return accepts(token, room_); }
    bool accepts(std::string_view token, const RoomRecord& room) const {
        const auto claims = tokens_.verify(token, room);
        EXPECT_TRUE(claims || claims.error() == (Error{ErrorCode::invalid_token, "token"}));
        return claims.has_value();
    }
    static std::string claims(std::string_view more = "") {
        return fmt::format(R"({{"username":"david","room_id":2,"iat":{},"exp":{}{}}})", kNow, kNow + 60, more);
    }

    /// A token of the old version, with its time of issue.
    static std::string old_token(std::int64_t issued_s, const RoomRecord& room) {
        return forge(old_room_key(room), fmt::format(R"({{"username":"david","room_id":{},"iat":{},"exp":{}}})",
                                                     room.id, issued_s, kNow + 60));
    }
    static std::string old_owner_token(std::int64_t issued_s, const RoomRecord& room) {
        return forge(old_owner_key(room),
                     fmt::format(R"({{"username":"eve","room_id":{},"role":"owner","iat":{},"exp":{}}})", room.id,
                                 issued_s, kNow + 60));
    }

    FakeClock clock_;
    Tokens tokens_{std::string(kSecret), clock_, 60min};
    RoomRecord room_;
    RoomRecord public_room_;
    RoomRecord old_room_;
};

TEST_F(TokensTest, AdmitToTheirRoom) {
    const auto claims = tokens_.verify(tokens_.issue_room_token(room_, "dävid"), room_);
    ASSERT_TRUE(claims);
    EXPECT_EQ(*claims, (TokenClaims{"dävid", 2, false, kNow + 3600}));
}

TEST_F(TokensTest, OwnersTokensLastThirtyDays) {
    const auto claims = tokens_.verify(tokens_.issue_owner_token(room_, "owner"), room_);
    ASSERT_TRUE(claims);
    EXPECT_EQ(*claims, (TokenClaims{"owner", 2, true, kNow + 30 * 86400}));
}

TEST_F(TokensTest, HaveTheDocumentedClaimsAndAUniqueId) {
    const auto parts_of = [](const std::string& token) {
        const auto first = token.find('.');
        return std::pair(decode_base64url(token.substr(0, first)),
                         decode_base64url(token.substr(first + 1, token.rfind('.') - first - 1)));
    };
    const auto [header, claims] = parts_of(tokens_.issue_room_token(room_, "david"));
    EXPECT_THAT(header, testing::AnyOf(R"({"typ":"JWT","alg":"HS256"})", R"({"alg":"HS256","typ":"JWT"})"));
    const std::string id = R"("jti":"[0-9a-f]{24}")";
    EXPECT_THAT(claims, testing::MatchesRegex(fmt::format(
                            R"(\{{"exp":{},"iat":{},{},"room_id":2,"username":"david"\}})", kNow + 3600, kNow, id)));
    EXPECT_THAT(
        parts_of(tokens_.issue_owner_token(room_, "david")).second,
        testing::MatchesRegex(fmt::format(R"(\{{"exp":{},"iat":{},{},"role":"owner","room_id":2,"username":"david"\}})",
                                          kNow + 30 * 86400, kNow, id)));
}

TEST_F(TokensTest, NoTwoAreTheSame) {
    EXPECT_NE(tokens_.issue_room_token(room_, "david"), tokens_.issue_room_token(room_, "david"));
    EXPECT_NE(tokens_.issue_owner_token(room_, "david"), tokens_.issue_owner_token(room_, "david"));
}

TEST_F(TokensTest, KeysStayTheSame) {
    EXPECT_TRUE(accepts(forge(room_key(room_), claims())));
    EXPECT_TRUE(accepts(forge(owner_key(room_), claims(R"(,"role":"owner")"))));
    EXPECT_TRUE(accepts(forge(room_key(room_), claims(), R"({"typ":"JWT","alg":"HS256"})")));
}

TEST_F(TokensTest, ExpireAtTheirTime) {
    const auto token = tokens_.issue_room_token(room_, "david");
    clock_.advance(3599s);
    EXPECT_TRUE(accepts(token));
    clock_.advance(1s);
    EXPECT_FALSE(accepts(token));
}

TEST_F(TokensTest, OwnersTokensExpireToo) {
    const auto token = tokens_.issue_owner_token(room_, "owner");
    clock_.advance(std::chrono::days(30) - 1s);
    EXPECT_TRUE(accepts(token));
    clock_.advance(1s);
    EXPECT_FALSE(accepts(token));
}

TEST_F(TokensTest, DoNotAdmitToAnotherRoom) {
    auto other = room_;
    other.id = 4;
    EXPECT_FALSE(accepts(tokens_.issue_room_token(other, "david")));
    EXPECT_FALSE(accepts(tokens_.issue_owner_token(other, "david")));
    EXPECT_FALSE(
        accepts(forge(room_key(room_), fmt::format(R"({{"username":"d","room_id":4,"iat":1,"exp":{}}})", kNow + 60))));
}

TEST_F(TokensTest, ANewPasswordInvalidatesRoomTokensAndNotTheOwners) {
    const auto token = tokens_.issue_room_token(room_, "david");
    const auto owner_token = tokens_.issue_owner_token(room_, "owner");
    auto changed = room_;
    changed.password_hash = "$2b$10$another";
    EXPECT_FALSE(accepts(token, changed));
    EXPECT_TRUE(accepts(owner_token, changed));
}

TEST_F(TokensTest, ANewEpochInvalidatesRoomTokensAndNotTheOwners) {
    const auto token = tokens_.issue_room_token(room_, "david");
    const auto owner_token = tokens_.issue_owner_token(room_, "owner");
    auto changed = room_;
    ++changed.token_epoch;
    EXPECT_FALSE(accepts(token, changed));
    EXPECT_TRUE(accepts(owner_token, changed));
}

TEST_F(TokensTest, ANewOwnerEpochInvalidatesTheOwnersTokensAndNoOther) {
    const auto token = tokens_.issue_room_token(room_, "david");
    const auto owner_token = tokens_.issue_owner_token(room_, "owner");
    auto changed = room_;
    ++changed.owner_epoch;
    EXPECT_TRUE(accepts(token, changed));
    EXPECT_FALSE(accepts(owner_token, changed));
    EXPECT_TRUE(accepts(tokens_.issue_owner_token(changed, "owner"), changed));
}

TEST_F(TokensTest, DoNotAdmitToALaterRoomWithTheSameId) {
    auto later = room_;
    later.salt = "00000000000000000000000000000001";
    EXPECT_FALSE(accepts(tokens_.issue_room_token(room_, "david"), later));
    EXPECT_FALSE(accepts(tokens_.issue_owner_token(room_, "owner"), later));
    later.visibility = Visibility::public_room;
    EXPECT_FALSE(accepts(tokens_.issue_owner_token(room_, "owner"), later));
}

TEST_F(TokensTest, OwnersTokensAreOnlyForRoomsWithAnOwner) {
    auto ownerless = room_;
    ownerless.owned = false;
    EXPECT_FALSE(accepts(tokens_.issue_owner_token(ownerless, "owner"), ownerless));
    EXPECT_TRUE(accepts(tokens_.issue_room_token(ownerless, "david"), ownerless));
    auto old_ownerless = old_room_;
    old_ownerless.owned = false;
    EXPECT_FALSE(accepts(old_owner_token(kNow - 3 * kDay, old_ownerless), old_ownerless));
    EXPECT_TRUE(accepts(old_token(kNow - 3 * kDay, old_ownerless), old_ownerless));
}

TEST_F(TokensTest, NoTokenIsMadeOrVerifiedWithoutASalt) {
    auto broken = room_;
    for (const char* salt : {"", "0123456789abcdef"}) {
        broken.salt = salt;
        EXPECT_THROW(tokens_.issue_room_token(broken, "david"), std::runtime_error) << salt;
        EXPECT_THROW(tokens_.issue_owner_token(broken, "owner"), std::runtime_error) << salt;
        EXPECT_THROW((void)tokens_.verify(tokens_.issue_room_token(room_, "david"), broken), std::runtime_error)
            << salt;
    }
}

// --- tokens of the versions before rooms had salts ---

TEST_F(TokensTest, OldTokensOfAnUpgradedRoomStayValid) {
    const auto issued_s = kNow - 3 * kDay;
    EXPECT_TRUE(accepts(old_token(issued_s, old_room_), old_room_));
    const auto owner = tokens_.verify(old_owner_token(issued_s, old_room_), old_room_);
    ASSERT_TRUE(owner);
    EXPECT_EQ(*owner, (TokenClaims{"eve", 2, true, kNow + 60}));
    auto made_public = old_room_;
    made_public.visibility = Visibility::public_room;
    EXPECT_TRUE(accepts(old_owner_token(issued_s, made_public), made_public));
    EXPECT_FALSE(accepts(old_token(issued_s, made_public), made_public));
    clock_.advance(60s);
    EXPECT_FALSE(accepts(old_token(issued_s, old_room_), old_room_)) << "expired";
}

TEST_F(TokensTest, NewTokensOfAnUpgradedRoomHaveItsNewKeys) {
    auto forgotten = old_room_;
    forgotten.old_keys_until = 0;
    EXPECT_TRUE(accepts(tokens_.issue_room_token(old_room_, "david"), forgotten));
    EXPECT_TRUE(accepts(tokens_.issue_owner_token(old_room_, "owner"), forgotten));
}

TEST_F(TokensTest, OldTokensFromBeforeTheRoomAreRefused) {
    // In whole seconds: a token that is issued directly after the creation has its second.
    const auto created_s = kNow - 10 * kDay;
    EXPECT_TRUE(accepts(old_token(created_s, old_room_), old_room_));
    EXPECT_TRUE(accepts(old_owner_token(created_s, old_room_), old_room_));
    EXPECT_FALSE(accepts(old_token(created_s - 1, old_room_), old_room_));
    EXPECT_FALSE(accepts(old_owner_token(created_s - 1, old_room_), old_room_));
}

TEST_F(TokensTest, OldTokensFromAfterTheUpgradeAreRefused) {
    const auto upgraded_s = kNow - 2 * kDay;
    EXPECT_TRUE(accepts(old_token(upgraded_s, old_room_), old_room_));
    EXPECT_TRUE(accepts(old_owner_token(upgraded_s, old_room_), old_room_));
    EXPECT_FALSE(accepts(old_token(upgraded_s + 1, old_room_), old_room_));
    EXPECT_FALSE(accepts(old_owner_token(upgraded_s + 1, old_room_), old_room_));
}

TEST_F(TokensTest, ARoomThatHadASaltFromTheStartHasNoOldKeys) {
    auto later = old_room_;
    later.old_keys_until = 0;
    EXPECT_FALSE(accepts(old_token(kNow - 3 * kDay, later), later));
    EXPECT_FALSE(accepts(old_owner_token(kNow - 3 * kDay, later), later));
}

TEST_F(TokensTest, ANewPasswordInvalidatesOldRoomTokensToo) {
    const auto token = old_token(kNow - 3 * kDay, old_room_);
    const auto owner_token = old_owner_token(kNow - 3 * kDay, old_room_);
    auto changed = old_room_;
    ++changed.token_epoch;
    EXPECT_FALSE(accepts(token, changed));
    EXPECT_TRUE(accepts(owner_token, changed));
}

TEST_F(TokensTest, EndingTheOwnersTokensInvalidatesTheOldOnesToo) {
    const auto token = old_token(kNow - 3 * kDay, old_room_);
    const auto owner_token = old_owner_token(kNow - 3 * kDay, old_room_);
    auto changed = old_room_;
    ++changed.owner_epoch;
    EXPECT_TRUE(accepts(token, changed));
    EXPECT_FALSE(accepts(owner_token, changed));
}

TEST_F(TokensTest, TheRoleMustFitAnOldKeyToo) {
    const auto with = [&](std::string_view more) {
        return fmt::format(R"({{"username":"d","room_id":2,"iat":{},"exp":{}{}}})", kNow - 3 * kDay, kNow + 60, more);
    };
    EXPECT_TRUE(accepts(forge(old_owner_key(old_room_), with(R"(,"role":"owner")")), old_room_));
    EXPECT_FALSE(accepts(forge(old_owner_key(old_room_), with("")), old_room_));
    EXPECT_FALSE(accepts(forge(old_room_key(old_room_), with(R"(,"role":"owner")")), old_room_));
}

TEST_F(TokensTest, AnotherSecretInvalidatesAllTokens) {
    const Tokens others("fedcba9876543210", clock_, 60min);
    EXPECT_FALSE(accepts(others.issue_room_token(room_, "david")));
    EXPECT_FALSE(accepts(others.issue_owner_token(room_, "david")));
}

TEST_F(TokensTest, PublicRoomsAcceptOnlyOwnersTokens) {
    EXPECT_TRUE(accepts(tokens_.issue_owner_token(public_room_, "owner"), public_room_));
    EXPECT_FALSE(accepts(tokens_.issue_room_token(public_room_, "david"), public_room_));
}

TEST_F(TokensTest, TheRoleMustFitTheKey) {
    EXPECT_FALSE(accepts(forge(room_key(room_), claims(R"(,"role":"owner")"))));
    EXPECT_FALSE(accepts(forge(owner_key(room_), claims())));
    EXPECT_FALSE(accepts(forge(owner_key(room_), claims(R"(,"role":"member")"))));
    EXPECT_FALSE(accepts(forge(owner_key(room_), claims(R"(,"role":true)"))));
}

TEST_F(TokensTest, EveryOtherAlgorithmIsRefused) {
    const auto key = room_key(room_);
    const auto with_alg = [](std::string_view alg) { return fmt::format(R"({{"alg":{},"typ":"JWT"}})", alg); };
    for (const auto* alg :
         {R"("none")", R"("None")", R"("NONE")", R"("HS384")", R"("HS512")", R"("RS256")", R"("ES256")", R"("PS256")",
          R"("")", "null", "256", "true", R"(["HS256"])", R"("HS256 ")", R"("hs256")"}) {
        EXPECT_FALSE(accepts(forge(key, claims(), with_alg(alg)))) << alg;
    }
    EXPECT_FALSE(accepts(forge(key, claims(), with_alg(R"("HS384")"), EVP_sha384())));
    EXPECT_FALSE(accepts(forge(key, claims(), with_alg(R"("HS512")"), EVP_sha512())));
    EXPECT_FALSE(accepts(forge(key, claims(), R"({"typ":"JWT"})")));
    EXPECT_FALSE(accepts(forge(key, claims(), R"(["HS256"])")));
}

TEST_F(TokensTest, ATokenWithoutASignatureIsRefused) {
    for (const auto* header : {R"({"alg":"none"})", R"({"alg":"none","typ":"JWT"})", R"({})", R"({"alg":"HS256"})"}) {
        const auto text = base64url(header) + '.' + base64url(claims());
        EXPECT_FALSE(accepts(text + '.')) << header;
        EXPECT_FALSE(accepts(text)) << header;
        EXPECT_FALSE(accepts(text + ".AA")) << header;
    }
}

TEST_F(TokensTest, EveryClaimMustExistWithItsType) {
    const auto with = [](std::string_view name, std::string_view room, std::string_view iat, std::string_view exp) {
        std::string json;
        const auto add = [&](std::string_view claim, std::string_view value) {
            if (!value.empty()) json += fmt::format(R"({}"{}":{})", json.empty() ? "" : ",", claim, value);
        };
        add("username", name);
        add("room_id", room);
        add("iat", iat);
        add("exp", exp);
        return '{' + json + '}';
    };
    const auto later = std::to_string(kNow + 60);
    const auto key = room_key(room_);
    EXPECT_TRUE(accepts(forge(key, with(R"("d")", "2", "1", later))));
    for (const auto* name : {"", "1", "null", R"("")", "[]"})
        EXPECT_FALSE(accepts(forge(key, with(name, "2", "1", later))));
    for (const auto* room : {"", R"("2")", "2.0", "null", "-2", "0", "true"})
        EXPECT_FALSE(accepts(forge(key, with(R"("d")", room, "1", later)))) << room;
    for (const auto* iat : {"", R"("1")", "1.5", "null", "-1", "0"})
        EXPECT_FALSE(accepts(forge(key, with(R"("d")", "2", iat, later)))) << iat;
    for (const auto* exp : {"", R"("9999999999")", "9999999999.5", "1e300", "null", "-1", "0", "99999999999999999999"})
        EXPECT_FALSE(accepts(forge(key, with(R"("d")", "2", "1", exp)))) << exp;
    for (const auto* json : {"", "[]", "null", "2", "{", R"({"username":"d"}x)"})
        EXPECT_FALSE(accepts(forge(key, json)));
}

TEST_F(TokensTest, EveryChangedCharacterIsDetected) {
    const auto token = tokens_.issue_room_token(room_, "david");
    for (std::size_t at = 0; at < token.size(); ++at) {
        for (const char other : "AaZz09-_.=+/ \n\x01\x80") {  // Includes the U+0000 at its end.
            if (other == token[at]) continue;
            auto changed = token;
            changed[at] = other;
            ASSERT_FALSE(accepts(changed)) << "at " << at << ": " << static_cast<int>(other);
        }
    }
}

TEST_F(TokensTest, TextAroundATokenIsRefused) {
    const auto token = tokens_.issue_room_token(room_, "david");
    ASSERT_TRUE(accepts(token));
    for (const auto& suffix : {"="s, "=="s, " "s, "."s, ".AA"s, "\0"s, "\0x"s, "\n"s, "A"s})
        EXPECT_FALSE(accepts(token + suffix));
    for (const auto& prefix : {" "s, "."s, "\0"s, "Bearer "s, "A"s}) EXPECT_FALSE(accepts(prefix + token));
}

TEST_F(TokensTest, EveryTruncatedTokenIsRefused) {
    const auto token = tokens_.issue_room_token(room_, "david");
    for (std::size_t size = 0; size < token.size(); ++size) EXPECT_FALSE(accepts(token.substr(0, size))) << size;
    for (const auto* text : {".", "..", "...", "a.b.c", "a..c", ".b.c", "a.b."}) EXPECT_FALSE(accepts(text)) << text;
}

TEST_F(TokensTest, LongTokensAreRefused) {
    const auto with_name = [&](std::size_t bytes) {
        return forge(room_key(room_), fmt::format(R"({{"username":"{}","room_id":2,"iat":1,"exp":{}}})",
                                                  std::string(bytes, 'x'), kNow + 60));
    };
    EXPECT_LE(with_name(2900).size(), Tokens::kMaxTokenBytes);
    EXPECT_TRUE(accepts(with_name(2900)));
    EXPECT_GT(with_name(3000).size(), Tokens::kMaxTokenBytes);
    EXPECT_FALSE(accepts(with_name(3000)));
    EXPECT_FALSE(accepts(std::string(10'000'000, 'x')));
}

TEST_F(TokensTest, HiddenRoomsHaveLargeIds) {
    auto hidden = room_;
    hidden.id = kEndOfRoomIds - 1;
    hidden.visibility = Visibility::hidden_room;
    const auto claims = tokens_.verify(tokens_.issue_room_token(hidden, "david"), hidden);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->room, hidden.id);
}

TEST_F(TokensTest, NamesThatATokenCannotHoldThrow) {
    EXPECT_THROW(tokens_.issue_room_token(room_, "\xFF"), std::runtime_error);
}

TEST_F(TokensTest, ASessionIsKnownAfterARestartAndNotToAnotherServer) {
    const std::string session = tokens_.issue_session();
    EXPECT_THAT(session, testing::MatchesRegex("[0-9a-f]{32}"));
    EXPECT_NE(session, tokens_.issue_session());
    EXPECT_TRUE(tokens_.is_session(session));
    EXPECT_TRUE(Tokens(std::string(kSecret), clock_, 60min).is_session(session));
    EXPECT_FALSE(Tokens("another secret key", clock_, 60min).is_session(session));
}

TEST_F(TokensTest, ASessionThatIsChangedAnywhereIsUnknown) {
    const std::string session = tokens_.issue_session();
    for (std::size_t i = 0; i < session.size(); ++i) {
        std::string changed = session;
        changed[i] = changed[i] == '0' ? '1' : '0';
        EXPECT_FALSE(tokens_.is_session(changed)) << i;
        EXPECT_FALSE(tokens_.is_session(session.substr(0, i))) << i;
    }
    EXPECT_FALSE(tokens_.is_session(session + "0"));
    EXPECT_FALSE(tokens_.is_session(std::string(32, '0')));
    EXPECT_FALSE(tokens_.is_session(std::string(10'000'000, 'x')));
}

TEST_F(TokensTest, AnyThreadMayCall) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([this] {
            for (int n = 0; n < 200; ++n) EXPECT_TRUE(accepts(tokens_.issue_room_token(room_, "david")));
        });
}

}  // namespace
}  // namespace globes::chat
