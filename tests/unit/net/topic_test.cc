// The sweep alone: sessions only lend their sockets here. How feeds and sessions work together: ws_hub_test.cc.
#include "net/topic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "unit/net/hub_harness.h"
#include "unit/roomlog/published_log.h"

namespace globes::net {
namespace {

constexpr std::size_t kBacklogBytes = 1 << 20;
constexpr std::size_t kAll = SIZE_MAX;

class TopicTest : public testing::Test {
protected:
    struct Reader {
        Reader(WsHub& hub, Topic& topic, roomlog::Position from) : Reader(hub, topic, from, unix_pair()) {}
        Reader(WsHub& hub, Topic& topic, roomlog::Position from, std::pair<int, int> fds)
            : session(hub, hub.next_id(), fds.first,
                      std::make_unique<RecordingHandler>(std::make_shared<HandlerRecord>())),
              peer(fds.second) {
            topic.add(session, fds.first, from);
        }
        WsSession session;
        Peer peer;
    };

    Reader& add(roomlog::Position from) { return *readers.emplace_back(std::make_unique<Reader>(hub, topic, from)); }
    void add(std::size_t count, roomlog::Position from) {
        for (std::size_t i = 0; i < count; ++i) add(from);
    }
    void say(std::string_view payload) {
        std::string frame;
        roomlog::append_frame(frame, roomlog::Opcode::text, payload);
        tail.append(frame);
        said += frame;
        for (const roomlog::Slice& slice : tail.take_unpublished()) topic.extend(slice);
    }
    void sweep_to_end() {
        do topic.fan_out(kAll);
        while (topic.due());
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
    Topic topic{7, kBacklogBytes, parts, counts};
    roomlog::PublishedLog tail;
    std::string said;
    std::vector<std::unique_ptr<Reader>> readers;
};

TEST_F(TopicTest, ASweepBringsTheSameBytesToAll) {
    add(20, 0);
    say("hello");
    say("world");
    EXPECT_TRUE(topic.due());
    EXPECT_EQ(topic.fan_out(kAll), 20U);
    EXPECT_TRUE(topic.done());
    EXPECT_FALSE(topic.due());
    EXPECT_EQ(readers_with(said), 20U);
    EXPECT_TRUE(topic.retained().empty());
}

TEST_F(TopicTest, SendsAndTheirBytesAreCounted) {
    add(20, 0);
    say("hello");
    sweep_to_end();
    EXPECT_EQ(counts.sends.value(), 20U);
    EXPECT_EQ(counts.sent_bytes.value(), 20 * said.size());
}

TEST_F(TopicTest, ASweepLooksAtNoMoreCursorsThanItMay) {
    add(10, 0);
    say("hello");
    EXPECT_EQ(topic.fan_out(4), 4U);
    EXPECT_FALSE(topic.done());
    EXPECT_EQ(readers_with(said), 4U);
    EXPECT_FALSE(topic.retained().empty());
    EXPECT_EQ(topic.fan_out(4), 4U);
    EXPECT_EQ(topic.fan_out(4), 2U);
    EXPECT_TRUE(topic.done());
    EXPECT_EQ(readers_with(said), 10U);
}

TEST_F(TopicTest, WhatComesDuringASweepReachesAllInTheEnd) {
    add(10, 0);
    say("first");
    topic.fan_out(5);
    say("second");
    topic.fan_out(5);
    EXPECT_TRUE(topic.done());
    EXPECT_TRUE(topic.due());
    sweep_to_end();
    EXPECT_EQ(readers_with(said), 10U);
    EXPECT_TRUE(topic.retained().empty());
}

TEST_F(TopicTest, ACursorAheadOfWhatThisThreadKnowsStartsThere) {
    add(1, 0);
    const std::string before = "told later";
    std::string frame;
    roomlog::append_frame(frame, roomlog::Opcode::text, before);
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

TEST_F(TopicTest, ACursorBehindTheEndMakesASweepDue) {
    add(2, 0);
    say("kept");
    topic.fan_out(1);
    add(1, 0);
    sweep_to_end();
    EXPECT_EQ(readers_with(said), 3U);
}

TEST_F(TopicTest, MoreSlicesThanOneSendTakesArriveInOneSweep) {
    add(3, 0);
    std::string expected;
    for (int i = 0; i < 40; ++i) {
        std::string frame;
        roomlog::append_frame(frame, roomlog::Opcode::text, "in a block of its own: " + std::to_string(i));
        roomlog::Slice slice = roomlog::make_slice(frame);
        slice.begin = expected.size();
        topic.extend(slice);
        expected += frame;
    }
    topic.fan_out(kAll);
    EXPECT_FALSE(topic.due());
    EXPECT_EQ(readers_with(expected), 3U);
}

TEST_F(TopicTest, TheCursorThatTakesAnEarlierPlaceDuringASweepIsNotMissed) {
    for (std::size_t index = 0; index < 10; ++index) {
        SCOPED_TRACE(index);
        while (!topic.empty()) topic.remove(0);
        readers.clear();
        add(10, tail.end());
        const std::size_t before = said.size();
        say("to nine of them at least");
        topic.fan_out(5);
        topic.remove(index);
        sweep_to_end();
        EXPECT_EQ(readers_with(said.substr(before)), index < 5 ? 10U : 9U);
        say("to nine");
        sweep_to_end();
        EXPECT_EQ(readers_with(said.substr(before)), 9U);
    }
}

TEST_F(TopicTest, AStreamOfDeparturesDoesNotKeepTheWindowFromBeingReleased) {
    add(200, 0);
    std::size_t most_held = 0;
    for (int i = 0; i < 90; ++i) {
        say(std::string(1000, 'x'));
        // Someone leaves in the middle of every sweep.
        topic.fan_out(topic.size() / 2);
        topic.remove(0);
        topic.fan_out(kAll);
        most_held = std::max(most_held, topic.retained().end() - topic.retained().begin());
    }
    EXPECT_LE(most_held, 64U << 10);
}

TEST_F(TopicTest, TheLastToLeaveTakesTheWindowAlong) {
    add(1, 0);
    say("never swept");
    topic.remove(0);
    EXPECT_TRUE(topic.retained().empty());
    // Nobody was here when this was said: this thread is never told of it.
    std::string unheard;
    roomlog::append_frame(unheard, roomlog::Opcode::text, "unheard");
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
TEST_F(TopicTest, SlicesLoseNobodyWhateverHappensBetweenThem) {
    std::mt19937 random(5);
    for (int round = 0; round < 60; ++round) {
        Topic random_feed(8, kBacklogBytes, parts, counts);
        roomlog::PublishedLog random_tail;
        std::string log_bytes;
        struct Joined {
            std::unique_ptr<Reader> reader;
            roomlog::Position from;
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
                roomlog::append_frame(frame, roomlog::Opcode::text,
                                      std::string(random() % 300, 'x') + std::to_string(step));
                random_tail.append(frame);
                log_bytes += frame;
            } else if (dice < 7 && !random_feed.empty()) {
                for (const roomlog::Slice& slice : random_tail.take_unpublished()) random_feed.extend(slice);
            } else {
                random_feed.fan_out(1 + random() % 7);
            }
        }
        for (const roomlog::Slice& slice : random_tail.take_unpublished()) random_feed.extend(slice);
        do random_feed.fan_out(kAll);
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
        ASSERT_TRUE(random_feed.retained().empty());
    }
}

}  // namespace
}  // namespace globes::net
