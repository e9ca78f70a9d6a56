// Many connections and the feeds that they read: fan-out, sweeps in slices, comings and goings meanwhile. Slow readers:
// ws_slow_reader_test.cc.
#include "net/ws_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unit/net/hub_harness.h"

namespace globes::net {
namespace {

using roomlog::Opcode;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;

using Connections = std::vector<std::unique_ptr<Connection>>;

constexpr TopicId kFeed = 5;
class WsHubTest : public HubTest {
protected:
    using HubTest::HubTest;
    WsHubTest() = default;
    Connections connect_many(std::size_t count, TopicId topic) {
        Connections all;
        for (std::size_t i = 0; i < count; ++i) all.push_back(connect_to(topic));
        return all;
    }
    static std::size_t count_with(const Connections& all, const std::string& bytes) {
        std::size_t count = 0;
        for (const auto& connection : all) {
            connection->peer.read();
            count += connection->peer.received == bytes;
        }
        return count;
    }
};

// --- connections -----------------------------------------------------------------------------------------------------

TEST_F(WsHubTest, GivesNoIdTwiceNorOneOfAnotherHub) {
    WsHub other(2, {});
    std::set<SessionId> ids;
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(ids.insert(hub.next_id()).second);
        EXPECT_TRUE(ids.insert(other.next_id()).second);
    }
}

TEST_F(WsHubTest, FindsASessionUntilItHasGone) {
    auto connection = connect();
    EXPECT_EQ(hub.find(connection->id)->id(), connection->id);
    EXPECT_EQ(hub.find(connection->id + 1), nullptr);
    EXPECT_EQ(hub.size(), 1U);
    connection->peer.hang_up();
    settle();
    EXPECT_EQ(hub.find(connection->id), nullptr);
    EXPECT_EQ(hub.size(), 0U);
}

TEST_F(WsHubTest, CloseAllBeginsToCloseEverySession) {
    Connections all = connect_many(20, kFeed);
    hub.close_all(kCloseGoingAway, "going away");
    settle();
    for (const auto& connection : all) {
        EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseGoingAway, "going away")));
        EXPECT_EQ(connection->record.closed, 1);
    }
    wait_seconds(6);
    EXPECT_EQ(hub.size(), 0U);
}

TEST(WsHub, AHubThatEndsClosesItsSockets) {
    const auto [server, fd] = unix_pair();
    Peer peer(fd);
    const auto record = std::make_shared<HandlerRecord>();
    {
        WsHub hub(1, {});
        ASSERT_NE(hub.adopt(hub.next_id(), server, {}, {}, std::make_unique<RecordingHandler>(record)), nullptr);
    }
    peer.read();
    EXPECT_TRUE(peer.saw_end());
}

// --- fan-out ---------------------------------------------------------------------------------------------------------

TEST_F(WsHubTest, EveryoneReceivesTheSameBytes) {
    std::mt19937 random(1);
    Connections all = connect_many(100, kFeed);
    for (int i = 0; i < 200; ++i) {
        say(kFeed, std::string(random() % 300, static_cast<char>('a' + i % 26)));
        if (random() % 3 == 0) pass();
    }
    settle();
    EXPECT_EQ(count_with(all, logs[kFeed].bytes), 100U);
}

TEST_F(WsHubTest, FeedsAreApart) {
    auto here = connect_to(1);
    auto there = connect_to(2);
    auto nowhere = connect();
    say(1, "here");
    say(2, "there");
    settle();
    EXPECT_THAT(here->peer.frames(), ElementsAre(WireFrame{Opcode::text, "here"}));
    EXPECT_THAT(there->peer.frames(), ElementsAre(WireFrame{Opcode::text, "there"}));
    EXPECT_THAT(nowhere->peer.frames(), IsEmpty());
}

TEST_F(WsHubTest, ASubscriptionAheadOfWhatThisThreadKnowsBeginsThere) {
    auto first = connect_to(kFeed);
    auto ahead = connect();
    std::string told_later;
    roomlog::append_frame(told_later, Opcode::text, "told later");
    hub.subscribe(session(*ahead), kFeed, told_later.size());
    say(kFeed, "told later");
    say(kFeed, "new");
    settle();
    EXPECT_EQ(first->peer.frames(), parse_frames(logs[kFeed].bytes));
    EXPECT_THAT(ahead->peer.frames(), ElementsAre(WireFrame{Opcode::text, "new"}));
}

TEST_F(WsHubTest, ASubscriptionBehindTheEndIsServedAtOnce) {
    auto slow = connect_to(kFeed, {.send_buffer_bytes = kSmallBuffer});
    for (int i = 0; i < 20; ++i) say(kFeed, std::string(1000, 'x'));
    const std::size_t from = logs[kFeed].bytes.size();
    say(kFeed, "held for the slow one");
    settle();
    auto late = connect();
    hub.subscribe(session(*late), kFeed, from);
    settle();
    EXPECT_THAT(late->peer.frames(), ElementsAre(WireFrame{Opcode::text, "held for the slow one"}));
}

TEST_F(WsHubTest, AFeedThatNobodyReadsKeepsNothing) {
    EXPECT_TRUE(say_in_own_block(kFeed, "to nobody").expired());
    auto connection = connect_to(kFeed);
    EXPECT_FALSE(say_in_own_block(kFeed, "to one").expired());
    connection->peer.hang_up();
    poll();
    const auto in_the_same_pass = say_in_own_block(kFeed, "to nobody any more");
    hub.end_iteration();
    EXPECT_TRUE(in_the_same_pass.expired());
    EXPECT_TRUE(say_in_own_block(kFeed, "to nobody again").expired());
}

TEST_F(WsHubTest, ADesertedFeedIsMadeAnewForWhoeverComes) {
    for (int round = 0; round < 3; ++round) {
        auto connection = connect_to(kFeed);
        say(kFeed, "round " + std::to_string(round));
        settle();
        EXPECT_THAT(connection->peer.frames(), ElementsAre(WireFrame{Opcode::text, "round " + std::to_string(round)}));
        connection->peer.hang_up();
        settle();
        say(kFeed, "unheard");
        logs[kFeed].tail.take_unpublished();
    }
}

TEST_F(WsHubTest, WhoeverComesInThePassInWhichTheLastOneLeftFindsNoGap) {
    auto last = connect_to(kFeed);
    say(kFeed, "never swept");
    session(*last).close(kCloseAuthorizationEnded);
    // The core knows that nobody is here: its announcement is not handed on.
    std::string unheard;
    roomlog::append_frame(unheard, Opcode::text, "unheard");
    logs[kFeed].tail.append(unheard);
    logs[kFeed].bytes += unheard;
    logs[kFeed].tail.take_unpublished();
    auto next = connect_to(kFeed);
    say(kFeed, "heard");
    settle();
    EXPECT_THAT(next->peer.frames(), ElementsAre(WireFrame{Opcode::text, "heard"}));
    EXPECT_THAT(last->peer.frames(),
                ElementsAre(WireFrame{Opcode::text, "never swept"}, close_frame(kCloseAuthorizationEnded)));
}

// --- sweeps ----------------------------------------------------------------------------------------------------------

TEST_F(WsHubTest, ASmallFeedIsServedBetweenTheSlicesOfABigOne) {
    Connections big = connect_many(1000, 1);
    Connections small = connect_many(1, 2);
    say(1, "to a thousand");
    say(2, "to one");
    EXPECT_EQ(hub.fan_out(), steady_clock::time_point::min()) << "there is more to sweep";
    EXPECT_EQ(count_with(small, logs[2].bytes), 1U);
    EXPECT_LT(count_with(big, logs[1].bytes), 600U);
    settle();
    EXPECT_EQ(count_with(big, logs[1].bytes), 1000U);
}

/// Whatever is swept is followed by the longest rest.
class RestingHubTest : public WsHubTest {
protected:
    static WsSettings resting() {
        WsSettings settings;
        settings.rest = {.short_fan_out = {},
                         .longest = std::chrono::milliseconds(20),
                         .factor = 1'000'000'000,
                         .growth = 1'000'000'000};
        return settings;
    }
    RestingHubTest() : WsHubTest(resting()) {}
};

TEST_F(RestingHubTest, ALongSweepIsFollowedByARestThatGathersMessages) {
    Connections big = connect_many(100, 1);
    Connections small = connect_many(1, 2);
    bool rested = false;
    // Where the test is held up for longer than the rest there was none to see.
    for (int attempt = 0; attempt < 20 && !rested; ++attempt) {
        say(1, "first");
        hub.fan_out();
        const std::string before = logs[1].bytes;
        say(1, "one");
        say(1, "two");
        say(2, "to one");
        const auto next = hub.fan_out();
        ASSERT_EQ(count_with(small, logs[2].bytes), 1U) << "others don't rest";
        rested = next != steady_clock::time_point::max() && count_with(big, before) == 100U;
        if (rested) {
            EXPECT_LE(next, steady_clock::now() + std::chrono::milliseconds(20));
        }
        settle();
        ASSERT_EQ(count_with(big, logs[1].bytes), 100U);
    }
    EXPECT_TRUE(rested);
}

TEST_F(WsHubTest, ReadersThatTurnOutToBeGoneDuringASweepTakeNobodyElseAlong) {
    std::mt19937 random(4);
    for (int round = 0; round < 20; ++round) {
        Connections all = connect_many(150, kFeed);
        const std::size_t from = logs[kFeed].bytes.size();
        Connections gone;
        for (std::size_t i = 0; i < 40; ++i) {
            const auto victim = all.begin() + static_cast<std::ptrdiff_t>(random() % all.size());
            (*victim)->peer.hang_up();
            gone.push_back(std::move(*victim));
            all.erase(victim);
        }
        say(kFeed, "who is there?");
        // No poll: the sends find out.
        while (hub.fan_out() != steady_clock::time_point::max()) {
        }
        EXPECT_EQ(hub.size(), all.size());
        EXPECT_EQ(count_with(all, logs[kFeed].bytes.substr(from)), all.size());
        for (const auto& connection : gone) EXPECT_EQ(connection->record.closed, 1);
        hub.end_iteration();
        all.clear();
        settle();
        EXPECT_EQ(hub.size(), 0U);
    }
}

// Property: with connections that come, go and are slow, more of them than one pass sweeps, in several feeds, each one
// receives each byte from its place on once; and in the end nothing is left behind.
TEST_F(WsHubTest, ComingsAndGoingsDuringSweepsLoseNobody) {
    std::mt19937 random(6);
    struct Reader {
        std::unique_ptr<Connection> connection;
        TopicId topic;
        std::size_t from;
    };
    std::vector<Reader> readers;
    const auto come = [&] {
        const TopicId topic = 1 + random() % 3;
        const int buffer = random() % 5 == 0 ? kSmallBuffer : 0;
        readers.push_back({connect_to(topic, {.send_buffer_bytes = buffer}), topic, logs[topic].bytes.size()});
    };
    for (int i = 0; i < 900; ++i) come();
    for (int step = 0; step < 1500; ++step) {
        switch (random() % 6) {
            case 0:
                come();
                break;
            case 1: {
                const std::size_t at = random() % readers.size();
                if (random() % 2 == 0 && !is_gone(*readers[at].connection))
                    session(*readers[at].connection).close(kCloseNormal);
                readers[at].connection->peer.hang_up();
                std::swap(readers[at], readers.back());
                // Its handler is told later than it leaves here.
                poll();
                EXPECT_EQ(readers.back().connection->record.closed, 1);
                readers.pop_back();
                break;
            }
            case 2:
            case 3:
                say(1 + random() % 3, std::string(random() % 200, 'x') + std::to_string(step));
                break;
            case 4:
                readers[random() % readers.size()].connection->peer.read();
                break;
            default:
                hub.fan_out();
                hub.end_iteration();
        }
    }
    for (Reader& reader : readers) {
        drain(*reader.connection);
        ASSERT_EQ(reader.connection->record.closed, 0);
        ASSERT_EQ(reader.connection->peer.received, logs[reader.topic].bytes.substr(reader.from));
    }
    EXPECT_EQ(hub.size(), readers.size());
    readers.clear();
    for (int i = 0; i < 3; ++i) settle();
    EXPECT_EQ(hub.size(), 0U);
}

}  // namespace
}  // namespace globes::net
