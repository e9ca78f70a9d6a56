#include "net/timer_wheel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

namespace globes::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Alarm final : TimerWheel::Timer {
    std::vector<Tick> rings;
    std::function<void()> then;

    void on_timer(Tick now) override {
        rings.push_back(now);
        if (then) then();
    }
};

TEST(TimerWheel, CallsOnceAtTheDueTick) {
    TimerWheel wheel;
    Alarm alarm;
    wheel.arm(alarm, 3);
    wheel.advance(2);
    EXPECT_THAT(alarm.rings, IsEmpty());
    wheel.advance(3);
    EXPECT_THAT(alarm.rings, ElementsAre(3));
    wheel.advance(2000);
    EXPECT_THAT(alarm.rings, ElementsAre(3));
}

TEST(TimerWheel, ATimerThatThrowsDoesNotKeepTheOthersFromRinging) {
    TimerWheel wheel;
    Alarm broken;
    Alarm same_tick;
    Alarm same_slot;
    broken.then = [] { throw std::runtime_error("broken"); };
    wheel.arm(broken, 3);
    wheel.arm(same_slot, 3 + 256);
    wheel.arm(same_tick, 3);
    wheel.advance(3);
    EXPECT_THAT(same_tick.rings, ElementsAre(3));
    wheel.advance(300);
    EXPECT_THAT(same_slot.rings, ElementsAre(3 + 256));
}

TEST(TimerWheel, AJumpCallsEachAtItsOwnTickInOrder) {
    TimerWheel wheel;
    std::vector<int> order;
    Alarm late;
    Alarm early;
    late.then = [&] { order.push_back(2); };
    early.then = [&] { order.push_back(1); };
    wheel.arm(late, 20);
    wheel.arm(early, 10);
    wheel.advance(1000);
    EXPECT_THAT(order, ElementsAre(1, 2));
    EXPECT_THAT(early.rings, ElementsAre(10));
    EXPECT_THAT(late.rings, ElementsAre(20));
}

TEST(TimerWheel, ATimerDueLaterThanOneRevolutionWaitsForItsTick) {
    TimerWheel wheel;
    Alarm near;
    Alarm far;
    wheel.arm(near, 5);
    wheel.arm(far, 5 + 3 * 256);
    wheel.advance(5 + 3 * 256 - 1);
    EXPECT_THAT(near.rings, ElementsAre(5));
    EXPECT_THAT(far.rings, IsEmpty());
    wheel.advance(5 + 3 * 256);
    EXPECT_THAT(far.rings, ElementsAre(5 + 3 * 256));
}

TEST(TimerWheel, ADueTickInThePastMeansTheNextTick) {
    TimerWheel wheel;
    wheel.advance(50);
    Alarm alarm;
    wheel.arm(alarm, 10);
    wheel.advance(51);
    EXPECT_THAT(alarm.rings, ElementsAre(51));
}

TEST(TimerWheel, ArmingAgainMovesATimer) {
    TimerWheel wheel;
    Alarm alarm;
    wheel.arm(alarm, 5);
    wheel.arm(alarm, 9);
    wheel.advance(20);
    EXPECT_THAT(alarm.rings, ElementsAre(9));
}

TEST(TimerWheel, ADestroyedTimerIsNotCalledAndItsNeighborsAre) {
    TimerWheel wheel;
    Alarm first;
    auto middle = std::make_unique<Alarm>();
    Alarm last;
    for (Alarm* alarm : {&first, middle.get(), &last}) wheel.arm(*alarm, 4);
    middle.reset();
    wheel.advance(4);
    EXPECT_THAT(first.rings, ElementsAre(4));
    EXPECT_THAT(last.rings, ElementsAre(4));
}

TEST(TimerWheel, ATimerMayArmItselfForTheSameSlot) {
    TimerWheel wheel;
    Alarm alarm;
    alarm.then = [&] { wheel.arm(alarm, wheel.now() + 256); };
    wheel.arm(alarm, 7);
    wheel.advance(7 + 512);
    EXPECT_THAT(alarm.rings, ElementsAre(7, 7 + 256, 7 + 512));
}

TEST(TimerWheel, ATimerMayDestroyItselfAndAnotherOfItsTick) {
    TimerWheel wheel;
    auto self = std::make_unique<Alarm>();
    auto other = std::make_unique<Alarm>();
    bool other_rang = false;
    self->then = [&] {
        other.reset();
        self.reset();
    };
    other->then = [&] { other_rang = true; };
    wheel.arm(*self, 3);
    wheel.arm(*other, 3);
    wheel.advance(4);
    EXPECT_EQ(self, nullptr);
    EXPECT_FALSE(other_rang);
}

TEST(TimerWheel, TimersMayOutliveIt) {
    Alarm first;
    Alarm second;
    {
        TimerWheel wheel;
        wheel.arm(first, 3);
        wheel.arm(second, 3);
    }
    EXPECT_THAT(first.rings, IsEmpty());
}

// Property: against a plain list of due ticks.
TEST(TimerWheel, BehavesLikeAListOfDueTicks) {
    std::mt19937 random(3);
    TimerWheel wheel;
    std::vector<Alarm> alarms(50);
    std::vector<std::optional<Tick>> due(alarms.size());
    std::vector<std::vector<Tick>> expected(alarms.size());
    for (int step = 0; step < 5000; ++step) {
        const std::size_t which = random() % alarms.size();
        const Tick at = wheel.now() + static_cast<Tick>(random() % 700);
        wheel.arm(alarms[which], at);
        due[which] = std::max(at, wheel.now() + 1);
        if (random() % 4 != 0) continue;
        const Tick now = wheel.now() + static_cast<Tick>(random() % 300);
        wheel.advance(now);
        for (std::size_t i = 0; i < alarms.size(); ++i) {
            if (!due[i] || *due[i] > now) continue;
            expected[i].push_back(*due[i]);
            due[i].reset();
        }
    }
    for (std::size_t i = 0; i < alarms.size(); ++i) EXPECT_EQ(alarms[i].rings, expected[i]) << i;
}

}  // namespace
}  // namespace globes::net
