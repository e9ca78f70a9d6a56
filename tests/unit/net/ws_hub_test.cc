// Many sessions and their topics: fan-out in rounds, with subscriptions and disconnects in between. Slow readers:
// ws_slow_reader_test.cc.
#include "net/ws_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
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

constexpr TopicId kTopic = 5;

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

TEST_F(WsHubTest, EveryIdOfEveryHubIsUnique) {
    WsHub other(2, {});
    std::set<SessionId> ids;
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(ids.insert(hub.next_id()).second);
        EXPECT_TRUE(ids.insert(other.next_id()).second);
    }
}

TEST_F(WsHubTest, FindsASessionUntilItHasEnded) {
    auto connection = connect();
    EXPECT_EQ(hub.find(connection->id)->id(), connection->id);
    EXPECT_EQ(hub.find(connection->id + 1), nullptr);
    EXPECT_EQ(hub.size(), 1U);
    connection->peer.hang_up();
    settle();
    EXPECT_EQ(hub.find(connection->id), nullptr);
    EXPECT_EQ(hub.size(), 0U);
}

TEST_F(WsHubTest, CloseAllStartsToCloseEverySession) {
    Connections all = connect_many(20, kTopic);
    hub.close_all(kCloseGoingAway, "going away");
    settle();
    for (const auto& connection : all) {
        EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseGoingAway, "going away")));
        EXPECT_EQ(connection->record.closed, 1);
    }
    wait_seconds(6);
    EXPECT_EQ(hub.size(), 0U);
}

TEST(WsHub, TheDestructorClosesAllSockets) {
    const auto [server, fd] = unix_pair();
    Peer peer(fd);
    const auto record = std::make_shared<HandlerRecord>();
    {
        WsHub hub(1, {});
        ASSERT_NE(hub.adopt(hub.next_id(), FileDescriptor(server), {}, {}, std::make_unique<RecordingHandler>(record)),
                  nullptr);
    }
    peer.read();
    EXPECT_TRUE(peer.saw_end());
}

// --- fan-out ---------------------------------------------------------------------------------------------------------

TEST_F(WsHubTest, AClientWithManyConnectionsDelaysAnotherByOneOfThem) {
    std::vector<int> order;
    const auto connect_as = [&](int client) {
        auto connection = connect({.asker = {static_cast<std::uint64_t>(client), static_cast<std::uint64_t>(client)}});
        connection->record.on_text = [&order, client](WsSession&, std::string_view) { order.push_back(client); };
        return connection;
    };
    Connections all;
    for (int i = 0; i < 20; ++i) all.push_back(connect_as(1));
    all.push_back(connect_as(2));
    for (const auto& connection : all) connection->peer.send(client_text("hello"));
    settle();
    ASSERT_EQ(order.size(), all.size());
    EXPECT_LT(std::ranges::find(order, 2) - order.begin(), 2);
}

TEST_F(WsHubTest, SocketsThatAPollDoesNotReachAreReadByLaterOnes) {
    int read = 0;
    Connections all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(connect());
        all.back()->record.on_text = [&read](WsSession&, std::string_view) {
            ++read;
            const auto end = steady_clock::now() + PollOrder::kNetworkTime;
            while (steady_clock::now() < end) {
            }
        };
        all.back()->peer.send(client_text("hello"));
    }
    poll();
    EXPECT_EQ(read, 1) << "the first one has used the time of the network";
    settle();
    EXPECT_EQ(read, 5);
}

TEST_F(WsHubTest, EverySubscriberReceivesTheSameBytes) {
    std::mt19937 random(1);
    Connections all = connect_many(100, kTopic);
    for (int i = 0; i < 200; ++i) {
        say(kTopic, std::string(random() % 300, static_cast<char>('a' + i % 26)));
        if (random() % 3 == 0) iterate();
    }
    settle();
    EXPECT_EQ(count_with(all, logs[kTopic].bytes), 100U);
}

TEST_F(WsHubTest, ASubscriberReceivesItsOwnTopicOnly) {
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

TEST_F(WsHubTest, ASubscriptionAheadOfTheRetainedLogStartsAtItsPosition) {
    auto first = connect_to(kTopic);
    auto ahead = connect();
    std::string published_later;
    roomlog::append_frame(published_later, Opcode::text, "published later");
    hub.subscribe(session(*ahead), kTopic, published_later.size());
    say(kTopic, "published later");
    say(kTopic, "new");
    settle();
    EXPECT_EQ(first->peer.frames(), parse_frames(logs[kTopic].bytes));
    EXPECT_THAT(ahead->peer.frames(), ElementsAre(WireFrame{Opcode::text, "new"}));
}

TEST_F(WsHubTest, ASubscriptionBehindTheEndIsServedInTheNextFanOut) {
    auto slow = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer});
    for (int i = 0; i < 20; ++i) say(kTopic, std::string(1000, 'x'));
    const std::size_t from = logs[kTopic].bytes.size();
    say(kTopic, "retained for the slow one");
    settle();
    auto late = connect();
    hub.subscribe(session(*late), kTopic, from);
    settle();
    EXPECT_THAT(late->peer.frames(), ElementsAre(WireFrame{Opcode::text, "retained for the slow one"}));
}

TEST_F(WsHubTest, ATopicWithoutSubscribersRetainsNothing) {
    EXPECT_TRUE(say_in_own_block(kTopic, "to nobody").expired());
    auto connection = connect_to(kTopic);
    EXPECT_FALSE(say_in_own_block(kTopic, "to one").expired());
    connection->peer.hang_up();
    poll();
    const auto in_the_same_iteration = say_in_own_block(kTopic, "to nobody any more");
    hub.end_iteration();
    EXPECT_TRUE(in_the_same_iteration.expired());
    EXPECT_TRUE(say_in_own_block(kTopic, "to nobody again").expired());
}

TEST_F(WsHubTest, AnEmptyTopicIsCreatedAgainForItsNextSubscriber) {
    for (int round = 0; round < 3; ++round) {
        auto connection = connect_to(kTopic);
        say(kTopic, "round " + std::to_string(round));
        settle();
        EXPECT_THAT(connection->peer.frames(), ElementsAre(WireFrame{Opcode::text, "round " + std::to_string(round)}));
        connection->peer.hang_up();
        settle();
        say(kTopic, "missed");
        logs[kTopic].writer.take_unpublished();
    }
}

TEST_F(WsHubTest, ASubscriberOfTheIterationInWhichTheLastOneLeftFindsNoGap) {
    auto last = connect_to(kTopic);
    say(kTopic, "never fanned out");
    session(*last).close(kCloseAuthorizationEnded);
    // The core knows that this thread has no subscriber, so it does not send it the slice.
    std::string missed;
    roomlog::append_frame(missed, Opcode::text, "missed");
    logs[kTopic].writer.append(missed);
    logs[kTopic].bytes += missed;
    logs[kTopic].writer.take_unpublished();
    auto next = connect_to(kTopic);
    say(kTopic, "received");
    settle();
    EXPECT_THAT(next->peer.frames(), ElementsAre(WireFrame{Opcode::text, "received"}));
    EXPECT_THAT(last->peer.frames(),
                ElementsAre(WireFrame{Opcode::text, "never fanned out"}, close_frame(kCloseAuthorizationEnded)));
}

// --- round robin and linger ------------------------------------------------------------------------------------------

TEST_F(WsHubTest, ASmallTopicIsServedWhileABigOneFansOut) {
    Connections big = connect_many(1000, 1);
    Connections small = connect_many(1, 2);
    say(1, "to a thousand");
    say(2, "to one");
    EXPECT_EQ(hub.fan_out(), steady_clock::time_point::min()) << "the fan-out is not finished";
    EXPECT_EQ(count_with(small, logs[2].bytes), 1U);
    EXPECT_LT(count_with(big, logs[1].bytes), 600U);
    settle();
    EXPECT_EQ(count_with(big, logs[1].bytes), 1000U);
}

/// Every fan-out is followed by the longest linger.
class LingeringHubTest : public WsHubTest {
protected:
    static WsSettings lingering() {
        WsSettings settings;
        settings.linger = {.short_fan_out = {},
                           .longest = std::chrono::milliseconds(20),
                           .factor = 1'000'000'000,
                           .growth = 1'000'000'000};
        return settings;
    }
    LingeringHubTest() : WsHubTest(lingering()) {}
};

TEST_F(LingeringHubTest, ALongFanOutIsFollowedByALingerThatCoalescesMessages) {
    Connections big = connect_many(100, 1);
    Connections small = connect_many(1, 2);
    bool lingered = false;
    // If the test thread is preempted for longer than the linger, the attempt shows nothing.
    for (int attempt = 0; attempt < 20 && !lingered; ++attempt) {
        say(1, "first");
        hub.fan_out();
        const std::string before = logs[1].bytes;
        say(1, "one");
        say(1, "two");
        say(2, "to one");
        const auto next = hub.fan_out();
        ASSERT_EQ(count_with(small, logs[2].bytes), 1U) << "other topics do not linger";
        lingered = next != steady_clock::time_point::max() && count_with(big, before) == 100U;
        if (lingered) {
            EXPECT_LE(next, steady_clock::now() + std::chrono::milliseconds(20));
        }
        settle();
        ASSERT_EQ(count_with(big, logs[1].bytes), 100U);
    }
    EXPECT_TRUE(lingered);
}

TEST_F(WsHubTest, LostConnectionsFoundDuringAFanOutDoNotAffectOthers) {
    std::mt19937 random(4);
    for (int round = 0; round < 20; ++round) {
        Connections all = connect_many(150, kTopic);
        const std::size_t from = logs[kTopic].bytes.size();
        Connections gone;
        for (std::size_t i = 0; i < 40; ++i) {
            const auto victim = all.begin() + static_cast<std::ptrdiff_t>(random() % all.size());
            (*victim)->peer.hang_up();
            gone.push_back(std::move(*victim));
            all.erase(victim);
        }
        say(kTopic, "who is there?");
        // Without a poll, the sends discover the lost connections.
        while (hub.fan_out() != steady_clock::time_point::max()) {
        }
        EXPECT_EQ(hub.size(), all.size());
        EXPECT_EQ(count_with(all, logs[kTopic].bytes.substr(from)), all.size());
        for (const auto& connection : gone) EXPECT_EQ(connection->record.closed, 1);
        hub.end_iteration();
        all.clear();
        settle();
        EXPECT_EQ(hub.size(), 0U);
    }
}

// Property: connections connect, disconnect and are slow, in several topics, and there are more of them than one loop
// iteration visits. Each one receives each byte after its position once. In the end the hub is empty.
TEST_F(WsHubTest, ConnectsAndDisconnectsDuringFanOutsLoseNoByte) {
    std::mt19937 random(6);
    struct Reader {
        std::unique_ptr<Connection> connection;
        TopicId topic;
        std::size_t from;
    };
    std::vector<Reader> readers;
    const auto connect_one = [&] {
        const TopicId topic = 1 + random() % 3;
        const int buffer = random() % 5 == 0 ? kSmallBuffer : 0;
        readers.push_back({connect_to(topic, {.send_buffer_bytes = buffer}), topic, logs[topic].bytes.size()});
    };
    for (int i = 0; i < 900; ++i) connect_one();
    for (int step = 0; step < 1500; ++step) {
        switch (random() % 6) {
            case 0:
                connect_one();
                break;
            case 1: {
                const std::size_t at = random() % readers.size();
                if (random() % 2 == 0 && !is_gone(*readers[at].connection))
                    session(*readers[at].connection).close(kCloseNormal);
                readers[at].connection->peer.hang_up();
                std::swap(readers[at], readers.back());
                // `on_closed` is called in `poll`, not by the hang-up.
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
