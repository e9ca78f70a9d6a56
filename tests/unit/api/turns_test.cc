#include "api/turns.h"

#include <gmock/gmock.h>

#include <string>

namespace globes::api {
namespace {

TEST(Turns, AFewAtOnceAndTheOthersInLine) {
    Turns turns(2);
    std::string begun;
    for (const char name : {'a', 'b', 'c', 'd'}) turns.take([&begun, name] { begun += name; });
    EXPECT_EQ(begun, "ab");
    turns.give_back();
    EXPECT_EQ(begun, "abc");
    turns.take([&begun] { begun += 'e'; });
    turns.give_back();
    turns.give_back();
    EXPECT_EQ(begun, "abcde");
}

TEST(Turns, TurnsThatNobodyWaitsForAreKept) {
    Turns turns(1);
    int begun = 0;
    for (int round = 0; round < 3; ++round) {
        turns.take([&begun] { ++begun; });
        turns.give_back();
    }
    EXPECT_EQ(begun, 3);
    // Given back once for each that was taken: there is still only one.
    turns.take([&begun] { ++begun; });
    turns.take([&begun] { ++begun; });
    EXPECT_EQ(begun, 4);
}

}  // namespace
}  // namespace globes::api
