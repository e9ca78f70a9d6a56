// The sweep alone: sessions only lend their sockets here. How feeds and sessions work together: ws_hub_test.cc.
#include "net/feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "log/tail.h"
#include "unit/net/hub_harness.h"

namespace globes::net {
namespace {

constexpr std::size_t kBacklogBytes = 1 << 20;
constexpr std::size_t kAll = SIZE_MAX;

class FeedTest : public testing::Test {
protected:
    struct Reader {
        Reader(WsHub& hub, Feed& feed, log::Position from) : Reader(hub, feed, from, unix_pair()) {}
        Reader(WsHub& hub, Feed& feed, log::Position from, std::pair<int, int> fds)
            : session(hub, hub.next_id(), fds.first,
                      std::make_unique<RecordingHandler>(std::make_shared<HandlerRecord>())),
              peer(fds.second) {
            feed.add(session, fds.first, from);
        }
        WsSession session;
        Peer peer;
    };

    Reader& add(log::Position from) { return *readers.emplace_back(std::make_unique<Reader>(hub, feed, from)); }
    void add(std::size_t count, log::Position from) {
        for (std::size_t i = 0; i < count; ++i) add(from);
    }
    void say(std::string_view payload) {
        std::string frame;
        log::append_frame(frame, log::Opcode::text, payload);
        tail.append(frame);
        said += frame;
        for (const log::Slice& slice : tail.take_unpublished()) feed.extend(slice);
    }
    void sweep_to_end() {
        do feed.sweep(kAll);
        while (feed.due());
    }
    std::string received(std::size_t reader) {
        readers[reader]->peer.read();
        return readers[reader]->peer.received;
    }
    std::size_t readers_with(const std::string& bytes) {
        std::size_t count = 0;
        for (std::size_t i = 0; i < readers.size(); ++i) count += received(i) == bytes;
        return count;
    }

    WsHub hub{1, {}};
    SendParts parts;
    WsCounts counts;
    Feed feed{7, kBacklogBytes, parts, counts};
    log::Tail tail;
    std::string said;
    std::vector<std::unique_ptr<Reader>> readers;
};

TEST_F(FeedTest, ASweepBringsTheSameBytesToAll) {
    add(20, 0);
    say("hello");
    say("world");
    EXPECT_TRUE(feed.due());
    EXPECT_EQ(feed.sweep(kAll), 20U);
    EXPECT_TRUE(feed.done());
    EXPECT_FALSE(feed.due());
    EXPECT_EQ(readers_with(said), 20U);
    EXPECT_TRUE(feed.window().empty());
}

TEST_F(FeedTest, SendsAndTheirBytesAreCounted) {
    add(20, 0);
    say("hello");
    sweep_to_end();
    EXPECT_EQ(counts.sends.value(), 20U);
    EXPECT_EQ(counts.sent_bytes.value(), 20 * said.size());
}

TEST_F(FeedTest, ASweepLooksAtNoMoreCursorsThanItMay) {
    add(10, 0);
    say("hello");
    EXPECT_EQ(feed.sweep(4), 4U);
    EXPECT_FALSE(feed.done());
    EXPECT_EQ(readers_with(said), 4U);
    EXPECT_FALSE(feed.window().empty());
    EXPECT_EQ(feed.sweep(4), 4U);
    EXPECT_EQ(feed.sweep(4), 2U);
    EXPECT_TRUE(feed.done());
    EXPECT_EQ(readers_with(said), 10U);
}

TEST_F(FeedTest, WhatComesDuringASweepReachesAllInTheEnd) {
    add(10, 0);
    say("first");
    feed.sweep(5);
    say("second");
    feed.sweep(5);
    EXPECT_TRUE(feed.done());
    EXPECT_TRUE(feed.due());
    sweep_to_end();
    EXPECT_EQ(readers_with(said), 10U);
    EXPECT_TRUE(feed.window().empty());
}

TEST_F(FeedTest, ACursorAheadOfWhatThisThreadKnowsStartsThere) {
    add(1, 0);
    const std::string before = "told later";
    std::string frame;
    log::append_frame(frame, log::Opcode::text, before);
    add(1, frame.size());
    say(before);
    sweep_to_end();
    EXPECT_EQ(received(0), said);
    EXPECT_EQ(received(1), "");
    say("new");
    sweep_to_end();
    EXPECT_EQ(received(0), said);
    EXPECT_EQ(received(1), said.substr(frame.size()));
}

TEST_F(FeedTest, ACursorBehindTheEndMakesASweepDue) {
    add(2, 0);
    say("kept");
    feed.sweep(1);
    add(1, 0);
    sweep_to_end();
    EXPECT_EQ(readers_with(said), 3U);
}

TEST_F(FeedTest, MoreSlicesThanOneSendTakesArriveInOneSweep) {
    add(3, 0);
    std::string expected;
    for (int i = 0; i < 40; ++i) {
        std::string frame;
        log::append_frame(frame, log::Opcode::text, "in a block of its own: " + std::to_string(i));
        log::Slice slice = log::make_slice(frame);
        slice.begin = expected.size();
        feed.extend(slice);
        expected += frame;
    }
    feed.sweep(kAll);
    EXPECT_FALSE(feed.due());
    EXPECT_EQ(readers_with(expected), 3U);
}

TEST_F(FeedTest, TheCursorThatTakesAnEarlierPlaceDuringASweepIsNotMissed) {
    for (std::size_t index = 0; index < 10; ++index) {
        SCOPED_TRACE(index);
        while (!feed.empty()) feed.remove(0);
        readers.clear();
        add(10, tail.end());
        const std::size_t before = said.size();
        say("to nine of them at least");
        feed.sweep(5);
        feed.remove(index);
        sweep_to_end();
        EXPECT_EQ(readers_with(said.substr(before)), index < 5 ? 10U : 9U);
        say("to nine");
        sweep_to_end();
        EXPECT_EQ(readers_with(said.substr(before)), 9U);
    }
}

TEST_F(FeedTest, AStreamOfDeparturesDoesNotKeepTheWindowFromBeingReleased) {
    add(200, 0);
    std::size_t most_held = 0;
    for (int i = 0; i < 90; ++i) {
        say(std::string(1000, 'x'));
        // Someone leaves in the middle of every sweep.
        feed.sweep(feed.size() / 2);
        feed.remove(0);
        feed.sweep(kAll);
        most_held = std::max(most_held, feed.window().end() - feed.window().begin());
    }
    EXPECT_LE(most_held, 64U << 10);
}

TEST_F(FeedTest, TheLastToLeaveTakesTheWindowAlong) {
    add(1, 0);
    say("never swept");
    feed.remove(0);
    EXPECT_TRUE(feed.window().empty());
    // Nobody was here when this was said: this thread is never told of it.
    std::string unheard;
    log::append_frame(unheard, log::Opcode::text, "unheard");
    tail.append(unheard);
    tail.take_unpublished();
    const std::size_t before = said.size();
    add(1, tail.end());
    say("heard");
    sweep_to_end();
    EXPECT_EQ(received(1), said.substr(before));
}

// Property: with adds, removals and new frames between slices of any size, each cursor gets each byte once from its
// place on, up to where it is removed.
TEST_F(FeedTest, SlicesLoseNobodyWhateverHappensBetweenThem) {
    std::mt19937 random(5);
    for (int round = 0; round < 60; ++round) {
        Feed random_feed(8, kBacklogBytes, parts, counts);
        log::Tail random_tail;
        std::string log_bytes;
        struct Joined {
            std::unique_ptr<Reader> reader;
            log::Position from;
        };
        std::vector<Joined> all;
        std::size_t removed = 0;
        for (int step = 0; step < 200; ++step) {
            const auto dice = random() % 10;
            if (dice < 2) {
                // At the end of the log, which may be beyond what the feed was told.
                all.push_back({std::make_unique<Reader>(hub, random_feed, random_tail.end()), random_tail.end()});
            } else if (dice < 3 && random_feed.size() > 1) {
                random_feed.remove(random() % random_feed.size());
                ++removed;
            } else if (dice < 6) {
                std::string frame;
                log::append_frame(frame, log::Opcode::text, std::string(random() % 300, 'x') + std::to_string(step));
                random_tail.append(frame);
                log_bytes += frame;
            } else if (dice < 7 && !random_feed.empty()) {
                for (const log::Slice& slice : random_tail.take_unpublished()) random_feed.extend(slice);
            } else {
                random_feed.sweep(1 + random() % 7);
            }
        }
        for (const log::Slice& slice : random_tail.take_unpublished()) random_feed.extend(slice);
        do random_feed.sweep(kAll);
        while (random_feed.due());

        std::size_t complete = 0;
        for (auto& [reader, from] : all) {
            reader->peer.read();
            const std::string expected = log_bytes.substr(from);
            const std::string& got = reader->peer.received;
            ASSERT_EQ(got, expected.substr(0, got.size()));
            complete += got.size() == expected.size();
        }
        ASSERT_GE(complete, all.size() - removed);
        ASSERT_EQ(random_feed.size(), all.size() - removed);
        ASSERT_TRUE(random_feed.window().empty());
    }
}

}  // namespace
}  // namespace globes::net
