#include "chat/passwords.h"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

namespace globes::chat {
namespace {

using namespace std::string_literals;

// The published vectors of jBCrypt and of Go's x/crypto/bcrypt, which the original was written with.
constexpr const char* kHashOfA = "$2a$10$k87L/MF28Q673VKh8/cPi.SUl7MU/rWuSiIDDFayrKk/1tBsSQu4u";
constexpr const char* kHashOfAllmine = "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga";

TEST(Passwords, VerifyWhatTheyHashed) {
    const auto hash = hash_password("correct horse");
    EXPECT_THAT(hash, testing::StartsWith("$2b$10$"));
    EXPECT_EQ(hash.size(), 60u);
    EXPECT_TRUE(verify_password("correct horse", hash));
    EXPECT_FALSE(verify_password("correct horsf", hash));
    EXPECT_FALSE(verify_password("correct horse ", hash));
    EXPECT_FALSE(verify_password("", hash));
}

TEST(Passwords, EveryHashHasASaltOfItsOwn) { EXPECT_NE(hash_password("same"), hash_password("same")); }

TEST(Passwords, VerifyHashesOfTheOriginal) {
    EXPECT_TRUE(verify_password("a", kHashOfA));
    EXPECT_FALSE(verify_password("b", kHashOfA));
    EXPECT_TRUE(verify_password("allmine", kHashOfAllmine));
}

TEST(Passwords, VerifyAllThreePrefixes) {
    std::string hash = kHashOfA;
    for (const char version : {'a', 'b', 'y'}) {
        hash[2] = version;
        EXPECT_TRUE(verify_password("a", hash)) << version;
    }
}

TEST(Passwords, AnUnreadableHashVerifiesNothing) {
    const std::string good = kHashOfA;
    auto bad_salt = good;
    bad_salt[10] = '!';
    auto bad_cost = good;
    bad_cost.replace(4, 2, "xx");
    auto bad_version = good;
    bad_version[2] = 'x';
    for (const auto& hash : {""s, "*0"s, "*1"s, "a"s, good.substr(0, 59), good + "x", good.substr(0, 29), bad_salt,
                             bad_cost, bad_version, "$1$salt$qJH7.N4xYta3aEG/dfqo/0"s, std::string(60, '$')}) {
        EXPECT_FALSE(verify_password("a", hash)) << hash;
    }
}

TEST(Passwords, AllOfAPasswordCounts) {
    const std::string longest(72, 'x');
    const auto hash = hash_password(longest);
    EXPECT_TRUE(verify_password(longest, hash));
    EXPECT_FALSE(verify_password(longest.substr(1), hash));
    EXPECT_FALSE(verify_password(longest + "x", hash)) << "bcrypt alone would ignore the 73rd byte";
}

TEST(Passwords, ANulEndsNoPassword) {
    EXPECT_FALSE(verify_password("a\0"s, kHashOfA));
    EXPECT_FALSE(verify_password("a\0b"s, kHashOfA));
}

TEST(Passwords, VerifyOnManyThreadsAtOnce) {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i)
        workers.emplace_back([] {
            EXPECT_TRUE(verify_password("a", kHashOfA));
            EXPECT_FALSE(verify_password("b", kHashOfA));
        });
}

}  // namespace
}  // namespace globes::chat
