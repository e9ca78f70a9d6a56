// Many connections and the feeds that they read: fan-out, slow readers, sweeps in slices, and comings and goings
// meanwhile.
#include "net/ws_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "unit/net/hub_harness.h"

namespace globes::net {
namespace {

using log::Opcode;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using Connections = std::vector<std::unique_ptr<Connection>>;

constexpr int kSmallBuffer = 4096;
constexpr FeedId kFeed = 5;
constexpr std::size_t kBacklogBytes = 64 << 10;
constexpr std::size_t kOwnBytes = 16 << 10;

WsSettings small_limits() {
    WsSettings settings;
    settings.backlog_bytes = kBacklogBytes;
    settings.own_bytes = kOwnBytes;
    return settings;
}

class WsHubTest : public HubTest {
protected:
    WsHubTest() : HubTest(small_limits()) {}

    Connections connect_many(std::size_t count, FeedId feed) {
        Connections all;
        for (std::size_t i = 0; i < count; ++i) all.push_back(connect_to(feed));
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

TEST_F(WsHubTest, IdsAreNewAndNameTheThread) {
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
    log::append_frame(told_later, Opcode::text, "told later");
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
    hub.end_pass();
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
    log::append_frame(unheard, Opcode::text, "unheard");
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

// --- full sockets ----------------------------------------------------------------------------------------------------

TEST_F(WsHubTest, AFullSocketGoesOnExactlyWhereItStopped) {
    for (const bool tcp : {false, true}) {
        auto slow = connect_to(kFeed, {.send_buffer_bytes = kSmallBuffer, .tcp = tcp});
        const std::size_t from = logs[kFeed].bytes.size();
        for (int i = 0; i < 50; ++i) {
            say(kFeed, std::to_string(i) + std::string(1000, 'x'));
            pass();
        }
        while (slow->peer.received.size() < logs[kFeed].bytes.size() - from) {
            slow->peer.read(333);
            pass();
        }
        EXPECT_EQ(slow->peer.received, logs[kFeed].bytes.substr(from));
        EXPECT_EQ(slow->record.closed, 0);
    }
}

/// A stream as its peer took it apart. The feed's frames are texts that begin with f.
struct Sorted {
    explicit Sorted(std::vector<WireFrame> frames) {
        for (WireFrame& frame : frames) {
            const bool is_fed = frame.opcode == Opcode::text && frame.payload.starts_with('f');
            (frame.opcode == Opcode::close ? closes : is_fed ? fed : own).push_back(std::move(frame));
        }
    }
    std::vector<WireFrame> fed = {};
    std::vector<WireFrame> own = {};
    std::vector<WireFrame> closes = {};
};

bool starts(const std::vector<WireFrame>& all, const std::vector<WireFrame>& part) {
    return part.size() <= all.size() && std::equal(part.begin(), part.end(), all.begin());
}

class OwnFrames : public WsHubTest {
protected:
    struct Reader {
        std::unique_ptr<Connection> connection;
        std::vector<WireFrame> own = {};  ///< In the order of sending.
    };

    void step(std::vector<Reader>& readers, FeedId feed, std::size_t most_bytes) {
        Reader& reader = readers[random() % readers.size()];
        WsSession* const session = hub.find(reader.connection->id);
        const bool is_open = session != nullptr && session->is_open();
        switch (random() % 8) {
            case 0:
            case 1:
                if (logs[feed].bytes.size() > most_bytes) break;
                say(feed, "f" + std::string(random() % (random() % 50 == 0 ? 70'000 : 2'000), 'x'));
                break;
            case 2:
                if (!is_open) break;
                reader.own.push_back({Opcode::text, "o" + std::string(random() % 500, 'y')});
                session->send_own(Opcode::text, reader.own.back().payload);
                break;
            case 3:
                if (!is_open) break;
                reader.own.push_back({Opcode::pong, std::to_string(random())});
                reader.connection->peer.send(client_frame(Opcode::ping, reader.own.back().payload));
                poll();  // before anything else of its own is queued
                break;
            case 4:
            case 5:
                reader.connection->peer.read(random() % 40'000);
                break;
            default:
                pass();
        }
    }

    std::mt19937 random{2};
};

// Property: whatever the sizes and however a peer reads, its stream consists of whole frames, the feed's among them are
// the feed's without gap, and its own come in their order.
TEST_F(OwnFrames, StandOnlyBetweenTheFramesOfTheFeed) {
    std::size_t kept_up = 0;
    std::size_t fell_behind = 0;
    for (FeedId feed = 100; feed < 140; ++feed) {
        std::vector<Reader> readers;
        for (int i = 0; i < 8; ++i)
            readers.push_back({connect_to(feed, {.send_buffer_bytes = static_cast<int>(random() % 20'000)})});
        for (int i = 0; i < 400; ++i) step(readers, feed, SIZE_MAX);
        const std::vector<WireFrame> said = parse_frames(logs[feed].bytes);
        for (Reader& reader : readers) {
            drain(*reader.connection);
            const Sorted got(reader.connection->peer.frames());
            ASSERT_TRUE(starts(said, got.fed));
            ASSERT_TRUE(starts(reader.own, got.own));
            if (reader.connection->record.closed > 0) {
                ++fell_behind;
                ASSERT_THAT(got.closes, ElementsAre(close_frame(kCloseTooSlow, "too slow")));
            } else {
                ++kept_up;
                ASSERT_EQ(got.fed.size(), said.size());
                ASSERT_EQ(got.own.size(), reader.own.size());
                ASSERT_THAT(got.closes, IsEmpty());
            }
        }
    }
    EXPECT_GT(kept_up, 100U);
    EXPECT_GT(fell_behind, 10U);
}

TEST_F(OwnFrames, StandOnlyBetweenTheFramesOfTheFeedOverTcpToo) {
    for (FeedId feed = 100; feed < 110; ++feed) {
        std::vector<Reader> readers;
        for (int i = 0; i < 4; ++i)
            readers.push_back({connect_to(feed, {.send_buffer_bytes = kSmallBuffer, .tcp = true})});
        for (int i = 0; i < 400; ++i) step(readers, feed, kBacklogBytes / 2);
        const std::vector<WireFrame> said = parse_frames(logs[feed].bytes);
        for (Reader& reader : readers) {
            std::string expected = logs[feed].bytes;
            for (const WireFrame& frame : reader.own) log::append_frame(expected, frame.opcode, frame.payload);
            // Acknowledgements take their time: until all has come, or this test's own time is up.
            while (reader.connection->peer.received.size() < expected.size()) {
                pass();
                reader.connection->peer.read();
            }
            const Sorted got(reader.connection->peer.frames());
            ASSERT_EQ(got.fed, said);
            ASSERT_EQ(got.own, reader.own);
        }
    }
}

// --- slow readers ----------------------------------------------------------------------------------------------------

TEST_F(WsHubTest, AReaderBehindByMoreThanTheBacklogIsClosedAndItsBytesAreReleased) {
    auto slow = connect_to(kFeed, {.send_buffer_bytes = kSmallBuffer});
    auto fast = connect_to(kFeed);
    std::vector<std::weak_ptr<const char[]>> blocks;
    const auto held = [&] {
        return std::ranges::count(blocks, false, [](const auto& block) { return block.expired(); });
    };
    while (slow->record.closed == 0 && blocks.size() < 1000) {
        blocks.push_back(say_in_own_block(kFeed, std::string(1000, 'x')));
        settle();
        fast->peer.read();
        EXPECT_LE(held(), static_cast<long>(kBacklogBytes / 1000 + 2));
    }
    EXPECT_GT(blocks.size(), kBacklogBytes / 1000) << "not before the backlog is full";
    EXPECT_LT(blocks.size(), (kBacklogBytes + 50'000) / 1000);
    EXPECT_EQ(held(), 0);
    EXPECT_EQ(fast->peer.received, logs[kFeed].bytes);

    drain(*slow);
    const std::vector<WireFrame> frames = slow->peer.frames();
    EXPECT_EQ(frames.back(), close_frame(kCloseTooSlow, "too slow"));
    const std::vector<WireFrame> said = parse_frames(logs[kFeed].bytes);
    EXPECT_TRUE(std::equal(frames.begin(), frames.end() - 1, said.begin()));
    EXPECT_EQ(slow->record.closed, 1);
    EXPECT_EQ(fast->record.closed, 0);
}

TEST_F(WsHubTest, WhatASlowReaderKeptIsReleasedWhenItCatchesUp) {
    auto slow = connect_to(kFeed, {.send_buffer_bytes = kSmallBuffer});
    auto fast = connect_to(kFeed);
    std::weak_ptr<const char[]> last;
    for (int i = 0; i < 30; ++i) last = say_in_own_block(kFeed, std::string(1000, 'x'));
    settle();
    EXPECT_FALSE(last.expired());
    drain(*slow);
    EXPECT_TRUE(last.expired()) << "though nobody says anything more";
}

TEST_F(WsHubTest, WhatASlowReaderKeptIsReleasedWhenItGoes) {
    auto slow = connect_to(kFeed, {.send_buffer_bytes = kSmallBuffer});
    auto fast = connect_to(kFeed);
    std::weak_ptr<const char[]> last;
    for (int i = 0; i < 30; ++i) last = say_in_own_block(kFeed, std::string(1000, 'x'));
    settle();
    EXPECT_FALSE(last.expired());
    slow->peer.hang_up();
    settle();
    EXPECT_TRUE(last.expired());
}

TEST_F(WsHubTest, AReaderThatTakesNothingForTenSecondsIsClosed) {
    auto stalled = connect_to(kFeed, {.send_buffer_bytes = kSmallBuffer});
    for (int i = 0; i < 30; ++i) say(kFeed, std::string(1000, 'x'));
    settle();
    wait_seconds(9);
    EXPECT_EQ(stalled->record.closed, 0);
    wait_seconds(1);
    EXPECT_EQ(stalled->record.closed, 1);
    drain(*stalled);
    EXPECT_EQ(stalled->peer.frames().back(), close_frame(kCloseTooSlow, "too slow"));
}

TEST_F(WsHubTest, AReaderThatNeverTakesAnythingAgainIsDroppedPlainly) {
    auto stalled = connect_to(kFeed, {.send_buffer_bytes = kSmallBuffer});
    for (int i = 0; i < 30; ++i) say(kFeed, std::string(1000, 'x'));
    settle();
    wait_seconds(16);
    EXPECT_TRUE(is_gone(*stalled));
    EXPECT_EQ(stalled->record.closed, 1);
}

TEST_F(WsHubTest, AReaderThatTakesTooLittleForTheKernelToTellIsNotStalled) {
    auto slow = connect_to(kFeed, {.send_buffer_bytes = 8 * kSmallBuffer});
    for (int i = 0; i < 100; ++i) say(kFeed, std::string(1000, 'x'));
    settle();
    wait_seconds(9);
    // Half of what the socket holds: it counts as writable only when it is nearly empty.
    EXPECT_EQ(slow->peer.read(40'000), 40'000U);
    wait_seconds(9);
    EXPECT_EQ(slow->record.closed, 0);
    wait_seconds(10);
    EXPECT_EQ(slow->record.closed, 1) << "it was behind all the time";
}

TEST_F(WsHubTest, AReaderThatLeavesItsOwnFramesUnreadIsClosed) {
    auto slow = connect({.send_buffer_bytes = kSmallBuffer});
    std::size_t bytes = 0;
    for (; slow->record.closed == 0 && bytes < 10 * kOwnBytes; bytes += 102)
        session(*slow).send_own(Opcode::text, std::string(100, 'x'));
    EXPECT_GT(bytes, kOwnBytes);
    EXPECT_LT(bytes, 2 * kOwnBytes + 16'384);
    drain(*slow);
    EXPECT_EQ(slow->peer.frames().back(), close_frame(kCloseTooSlow, "too slow"));
}

// --- sweeps ----------------------------------------------------------------------------------------------------------

TEST_F(WsHubTest, ASmallFeedIsServedBetweenTheSlicesOfABigOne) {
    Connections big = connect_many(1000, 1);
    Connections small = connect_many(1, 2);
    say(1, "to a thousand");
    say(2, "to one");
    EXPECT_EQ(hub.sweep(), steady_clock::time_point::min()) << "there is more to sweep";
    EXPECT_EQ(count_with(small, logs[2].bytes), 1U);
    EXPECT_LT(count_with(big, logs[1].bytes), 600U);
    settle();
    EXPECT_EQ(count_with(big, logs[1].bytes), 1000U);
}

TEST_F(WsHubTest, ALongSweepIsFollowedByARestThatGathersMessages) {
    Connections big = connect_many(400, 1);
    Connections small = connect_many(1, 2);
    bool rested = false;
    // Where the test is held up for longer than the rest there was none to see.
    for (int attempt = 0; attempt < 20 && !rested; ++attempt) {
        say(1, std::string(40'000, 'x'));  // half a millisecond is not enough to send 16 MB
        hub.sweep();
        const std::string before = logs[1].bytes;
        say(1, "one");
        say(1, "two");
        say(2, "to one");
        const auto next = hub.sweep();
        ASSERT_EQ(count_with(small, logs[2].bytes), 1U) << "others don't rest";
        rested = next != steady_clock::time_point::max();
        if (rested) {
            EXPECT_LE(next, steady_clock::now() + std::chrono::milliseconds(50));
            EXPECT_EQ(count_with(big, before), 400U);
        }
        settle();
        ASSERT_EQ(count_with(big, logs[1].bytes), 400U);
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
        while (hub.sweep() != steady_clock::time_point::max()) {
        }
        EXPECT_EQ(hub.size(), all.size());
        EXPECT_EQ(count_with(all, logs[kFeed].bytes.substr(from)), all.size());
        for (const auto& connection : gone) EXPECT_EQ(connection->record.closed, 1);
        hub.end_pass();
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
        FeedId feed;
        std::size_t from;
    };
    std::vector<Reader> readers;
    const auto come = [&] {
        const FeedId feed = 1 + random() % 3;
        const int buffer = random() % 5 == 0 ? kSmallBuffer : 0;
        readers.push_back({connect_to(feed, {.send_buffer_bytes = buffer}), feed, logs[feed].bytes.size()});
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
                hub.sweep();
                hub.end_pass();
        }
    }
    for (Reader& reader : readers) {
        drain(*reader.connection);
        ASSERT_EQ(reader.connection->record.closed, 0);
        ASSERT_EQ(reader.connection->peer.received, logs[reader.feed].bytes.substr(reader.from));
    }
    EXPECT_EQ(hub.size(), readers.size());
    readers.clear();
    for (int i = 0; i < 3; ++i) settle();
    EXPECT_EQ(hub.size(), 0U);
}

}  // namespace
}  // namespace globes::net
