#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "net/topic.h"
#include "unit/net/hub_harness.h"
#include "unit/roomlog/published_log.h"

namespace globes::net {
namespace {

using namespace std::chrono_literals;

constexpr LingerPolicy kPolicy;

TEST(Linger, AShortFanOutDoesNotLinger) {
    EXPECT_EQ(linger_after({.took = 2ms, .cursors = 1000, .bytes = 200}, kPolicy), 0ms);
    EXPECT_GT(linger_after({.took = 3ms, .cursors = 1000, .bytes = 200}, kPolicy), 0ms);
}

TEST(Linger, APreemptedThreadIsNotALongFanOut) {
    EXPECT_EQ(linger_after({.took = 30ms, .cursors = 100, .bytes = 200}, kPolicy), 0ms);
    EXPECT_EQ(linger_after({.took = 300ms, .cursors = 1000, .bytes = 2560}, kPolicy),
              linger_after({.took = 5ms, .cursors = 1000, .bytes = 2560}, kPolicy));
}

TEST(Linger, FullerSendsLingerShorter) {
    const auto linger_with = [](std::size_t bytes) {
        return linger_after({.took = 3ms, .cursors = 1000, .bytes = bytes}, kPolicy);
    };
    EXPECT_EQ(linger_with(4 * kPolicy.message_bytes), 3000us * 40 / 25);
    EXPECT_EQ(linger_with(9 * kPolicy.message_bytes), 3000us * 40 / 100);
    EXPECT_LT(linger_with(1 << 20), 1us);
}

TEST(Linger, GrowsFromZero) {
    const auto linger_with = [](std::chrono::steady_clock::duration took) {
        return linger_after({.took = took, .cursors = 1000, .bytes = 200}, kPolicy);
    };
    EXPECT_EQ(linger_with(kPolicy.short_fan_out + 100us), 100us * kPolicy.growth);
    EXPECT_EQ(linger_with(kPolicy.short_fan_out + 1ms), 1ms * kPolicy.growth);
}

TEST(Linger, IsNeverLongerThanTheLongest) {
    EXPECT_EQ(linger_after({.took = 40ms, .cursors = 10'000, .bytes = 200}, kPolicy), kPolicy.longest);
}

constexpr std::size_t kBacklogBytes = 1 << 20;
constexpr std::size_t kAll = SIZE_MAX;

/// A connected pair of sockets whose one end is a subscriber of a topic.
struct Reader {
    explicit Reader(std::pair<int, int> fds) : fd(fds.first), peer(fds.second) {}
    ~Reader() { ::close(fd); }

    int fd;
    CursorId cursor = 0;
    Peer peer;
};

class TopicTest : public testing::Test {
protected:
    /// The subscriber id is the index in `readers`.
    Reader& add(roomlog::Position from, int send_buffer_bytes = 0) {
        Reader& reader = *readers.emplace_back(std::make_unique<Reader>(unix_pair()));
        if (send_buffer_bytes != 0)
            ::setsockopt(reader.fd, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
        reader.cursor = topic.add({.fd = reader.fd}, from, readers.size() - 1);
        return reader;
    }
    void add_many(std::size_t count, roomlog::Position from) {
        for (std::size_t i = 0; i < count; ++i) add(from);
    }
    void say(std::string_view payload) {
        std::string frame;
        roomlog::append_frame(frame, roomlog::Opcode::text, payload);
        writer.append(frame);
        said += frame;
        for (const roomlog::Slice& slice : writer.take_unpublished()) topic.extend(slice);
    }
    void fan_out_to_end() {
        do ASSERT_EQ(topic.fan_out(kAll).state, CursorState::done);
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

    GatherCache cache;
    WsCounts counts;
    Topic topic{7, kBacklogBytes, cache, counts};
    roomlog::PublishedLog writer;
    std::string said;
    std::vector<std::unique_ptr<Reader>> readers;
};

TEST_F(TopicTest, AFanOutSendsTheSameBytesToAll) {
    add_many(20, 0);
    say("hello");
    say("world");
    EXPECT_TRUE(topic.due());
    EXPECT_EQ(topic.fan_out(kAll).cursors, 20U);
    EXPECT_TRUE(topic.done());
    EXPECT_FALSE(topic.due());
    EXPECT_EQ(readers_with(said), 20U);
    EXPECT_TRUE(topic.retained().empty());
}

TEST_F(TopicTest, CountsSendsAndTheirBytes) {
    add_many(20, 0);
    say("hello");
    fan_out_to_end();
    EXPECT_EQ(counts.sends.value(), 20U);
    EXPECT_EQ(counts.sent_bytes.value(), 20 * said.size());
}

TEST_F(TopicTest, AFanOutVisitsNoMoreCursorsThanItsBudget) {
    add_many(10, 0);
    say("hello");
    EXPECT_EQ(topic.fan_out(4).cursors, 4U);
    EXPECT_FALSE(topic.done());
    EXPECT_EQ(readers_with(said), 4U);
    EXPECT_FALSE(topic.retained().empty());
    EXPECT_EQ(topic.fan_out(4).cursors, 4U);
    EXPECT_EQ(topic.fan_out(4).cursors, 2U);
    EXPECT_TRUE(topic.done());
    EXPECT_EQ(readers_with(said), 10U);
}

TEST_F(TopicTest, SlicesAddedDuringAFanOutReachAllCursors) {
    add_many(10, 0);
    say("first");
    topic.fan_out(5);
    say("second");
    topic.fan_out(5);
    EXPECT_TRUE(topic.done());
    EXPECT_TRUE(topic.due());
    fan_out_to_end();
    EXPECT_EQ(readers_with(said), 10U);
    EXPECT_TRUE(topic.retained().empty());
}

TEST_F(TopicTest, ACursorAheadOfTheRetainedLogStartsAtItsPosition) {
    add_many(1, 0);
    const std::string before = "told later";
    std::string frame;
    roomlog::append_frame(frame, roomlog::Opcode::text, before);
    add_many(1, frame.size());
    say(before);
    fan_out_to_end();
    EXPECT_EQ(received(0), said);
    EXPECT_EQ(received(1), "");
    say("new");
    fan_out_to_end();
    EXPECT_EQ(received(0), said);
    EXPECT_EQ(received(1), said.substr(frame.size()));
}

TEST_F(TopicTest, ACursorBehindTheEndMakesAFanOutDue) {
    add_many(2, 0);
    say("kept");
    topic.fan_out(1);
    add_many(1, 0);
    fan_out_to_end();
    EXPECT_EQ(readers_with(said), 3U);
}

TEST_F(TopicTest, MoreSlicesThanOneSendTakesArriveInOneFanOut) {
    add_many(3, 0);
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

TEST_F(TopicTest, TheCursorThatMovesToAnEarlierIndexDuringAFanOutIsNotSkipped) {
    std::vector<CursorId> cursors;
    for (std::size_t index = 0; index < 10; ++index) {
        SCOPED_TRACE(index);
        for (const CursorId cursor : cursors) topic.remove(cursor);
        readers.clear();
        add_many(10, writer.end());
        cursors.clear();
        for (const auto& reader : readers) cursors.push_back(reader->cursor);
        const std::size_t before = said.size();
        say("to nine of them at least");
        topic.fan_out(5);
        topic.remove(cursors[index]);  // cursors are in the order of their adds
        cursors.erase(cursors.begin() + static_cast<std::ptrdiff_t>(index));
        fan_out_to_end();
        EXPECT_EQ(readers_with(said.substr(before)), index < 5 ? 10U : 9U);
        say("to nine");
        fan_out_to_end();
        EXPECT_EQ(readers_with(said.substr(before)), 9U);
    }
}

TEST_F(TopicTest, ASteadyStreamOfRemovalsDoesNotKeepBytesRetained) {
    add_many(200, 0);
    std::size_t most_held = 0;
    for (int i = 0; i < 90; ++i) {
        say(std::string(1000, 'x'));
        // A cursor is removed in the middle of every fan-out.
        topic.fan_out(topic.size() / 2);
        topic.remove(readers[static_cast<std::size_t>(i)]->cursor);
        topic.fan_out(kAll);
        most_held = std::max(most_held, topic.retained().end() - topic.retained().begin());
    }
    EXPECT_LE(most_held, 64U << 10);
}

TEST_F(TopicTest, RemovingTheLastCursorReleasesTheRetainedLog) {
    add_many(1, 0);
    say("never fanned out");
    topic.remove(readers[0]->cursor);
    EXPECT_TRUE(topic.retained().empty());
    // The topic has no cursor now, so this thread does not receive the next slice.
    std::string missed;
    roomlog::append_frame(missed, roomlog::Opcode::text, "missed");
    writer.append(missed);
    writer.take_unpublished();
    const std::size_t before = said.size();
    add_many(1, writer.end());
    say("heard");
    fan_out_to_end();
    EXPECT_EQ(received(1), said.substr(before));
}

class BlockedCursorTest : public TopicTest {
protected:
    /// Fills the socket of `slow` in the middle of a frame.
    void block(Reader& slow) {
        say(std::string(100'000, 'x'));
        const FanOutStep step = topic.fan_out(kAll);
        EXPECT_EQ(step.state, CursorState::blocked);
        EXPECT_EQ(readers[step.subscriber].get(), &slow);
        EXPECT_FALSE(topic.unsent_of_frame(slow.cursor).empty());
    }
};

TEST_F(BlockedCursorTest, AFanOutStopsAtACursorThatGetsBlockedAndContinuesWithTheNext) {
    add(0);
    Reader& slow = add(0, kSmallBuffer);
    add(0);
    say(std::string(100'000, 'x'));
    FanOutStep step = topic.fan_out(kAll);
    EXPECT_EQ(step.cursors, 2U);
    EXPECT_EQ(step.state, CursorState::blocked);
    EXPECT_EQ(readers[step.subscriber].get(), &slow);
    EXPECT_FALSE(topic.done());
    step = topic.fan_out(kAll);
    EXPECT_EQ(step.cursors, 1U);
    EXPECT_EQ(step.state, CursorState::done);
    EXPECT_TRUE(topic.done());
    EXPECT_EQ(readers_with(said), 2U);
}

TEST_F(BlockedCursorTest, AFanOutSkipsABlockedCursorUntilItIsUnblocked) {
    Reader& slow = add(0, kSmallBuffer);
    block(slow);
    slow.peer.read();
    const roomlog::Position position = topic.position(slow.cursor);
    say("more");
    fan_out_to_end();
    EXPECT_EQ(topic.position(slow.cursor), position);
    topic.unblock(slow.cursor);
    EXPECT_TRUE(topic.due());
    while (topic.catch_up(slow.cursor) == CursorState::blocked) slow.peer.read();
    EXPECT_EQ(received(0), said);
    topic.unblock(slow.cursor);
    fan_out_to_end();
    EXPECT_TRUE(topic.retained().empty());
}

TEST_F(BlockedCursorTest, FinishFrameSendsToTheEndOfTheHalfSentFrameOnly) {
    Reader& slow = add(0, kSmallBuffer);
    block(slow);
    say("the next frame");
    const std::string unsent = topic.unsent_of_frame(slow.cursor);
    const roomlog::Position frame_end = topic.position(slow.cursor) + unsent.size();
    EXPECT_EQ(said.substr(topic.position(slow.cursor), unsent.size()), unsent);
    while (topic.finish_frame(slow.cursor) == CursorState::blocked) slow.peer.read(1000);
    EXPECT_EQ(topic.position(slow.cursor), frame_end);
    EXPECT_EQ(topic.unsent_of_frame(slow.cursor), "");
    EXPECT_EQ(topic.finish_frame(slow.cursor), CursorState::done);
    EXPECT_EQ(topic.position(slow.cursor), frame_end);
    parse_frames(received(0));
}

TEST_F(BlockedCursorTest, ABlockedCursorWithALongerBacklogThanTheLimitIsBehind) {
    Reader& slow = add(0, kSmallBuffer);
    add(0);
    block(slow);
    fan_out_to_end();
    received(1);
    while (topic.retained().end() - topic.position(slow.cursor) <= kBacklogBytes) {
        say(std::string(60'000, 'x'));
        received(1);
        if (topic.retained().end() - topic.position(slow.cursor) <= kBacklogBytes) {
            fan_out_to_end();
        }
    }
    const FanOutStep step = topic.fan_out(kAll);
    EXPECT_EQ(step.state, CursorState::behind);
    EXPECT_EQ(readers[step.subscriber].get(), &slow);
    topic.remove(slow.cursor);
    fan_out_to_end();
    EXPECT_TRUE(topic.retained().empty());
}

TEST_F(TopicTest, ACursorWhosePeerHasGoneIsLost) {
    add(0);
    add(0).peer.hang_up();
    add(0);
    say("hello");
    const FanOutStep step = topic.fan_out(kAll);
    EXPECT_EQ(step.state, CursorState::lost);
    EXPECT_EQ(step.subscriber, 1U);
    topic.remove(readers[1]->cursor);
    fan_out_to_end();
    EXPECT_EQ(received(0), said);
    EXPECT_EQ(received(2), said);
}

TEST_F(TopicTest, TheIdsOfCursorsStayValidWhileOthersAreRemoved) {
    for (roomlog::Position from = 0; from < 50; ++from) add(from);
    std::map<CursorId, roomlog::Position> expected;
    for (std::size_t i = 0; i < readers.size(); ++i) expected[readers[i]->cursor] = i;
    std::mt19937 random(9);
    for (roomlog::Position from = 50; from < 1000; ++from) {
        const auto victim = std::next(expected.begin(), static_cast<std::ptrdiff_t>(random() % expected.size()));
        topic.remove(victim->first);
        expected.erase(victim);
        if (random() % 3 != 0 || expected.size() < 2) {
            ASSERT_TRUE(expected.emplace(topic.add({.fd = readers[0]->fd}, from, 0), from).second)
                << "an id that is in use";
        }
        for (const auto& [id, position] : expected) ASSERT_EQ(topic.position(id), position);
    }
}

// Property: with adds, removals and new frames between calls with any budget, each cursor sends each byte once, from
// its first position to the end or to where it is removed.
TEST_F(TopicTest, EveryCursorGetsEachByteOnceWhateverHappensBetweenCalls) {
    std::mt19937 random(5);
    for (int round = 0; round < 60; ++round) {
        Topic random_topic(8, kBacklogBytes, cache, counts);
        roomlog::PublishedLog random_writer;
        std::string log_bytes;
        struct Joined {
            std::unique_ptr<Reader> reader;
            roomlog::Position from;
        };
        std::vector<Joined> all;
        std::vector<CursorId> cursors;
        std::size_t removed = 0;
        for (int step = 0; step < 200; ++step) {
            const auto dice = random() % 10;
            if (dice < 2) {
                // At the end of the log, which may be after the end of the retained log.
                all.push_back({std::make_unique<Reader>(unix_pair()), random_writer.end()});
                Reader& reader = *all.back().reader;
                reader.cursor = random_topic.add({.fd = reader.fd}, random_writer.end(), 0);
                cursors.push_back(reader.cursor);
            } else if (dice < 3 && cursors.size() > 1) {
                std::swap(cursors[random() % cursors.size()], cursors.back());
                random_topic.remove(cursors.back());
                cursors.pop_back();
                ++removed;
            } else if (dice < 6) {
                std::string frame;
                roomlog::append_frame(frame, roomlog::Opcode::text,
                                      std::string(random() % 300, 'x') + std::to_string(step));
                random_writer.append(frame);
                log_bytes += frame;
            } else if (dice < 7 && !random_topic.empty()) {
                for (const roomlog::Slice& slice : random_writer.take_unpublished()) random_topic.extend(slice);
            } else {
                random_topic.fan_out(1 + random() % 7);
            }
        }
        for (const roomlog::Slice& slice : random_writer.take_unpublished()) random_topic.extend(slice);
        do random_topic.fan_out(kAll);
        while (random_topic.due());

        std::size_t complete = 0;
        for (auto& [reader, from] : all) {
            reader->peer.read();
            const std::string expected = log_bytes.substr(from);
            const std::string& got = reader->peer.received;
            ASSERT_EQ(got, expected.substr(0, got.size()));
            complete += got.size() == expected.size();
        }
        ASSERT_GE(complete, all.size() - removed);
        ASSERT_EQ(random_topic.size(), cursors.size());
        ASSERT_EQ(cursors.size(), all.size() - removed);
        ASSERT_TRUE(random_topic.retained().empty());
    }
}

}  // namespace
}  // namespace globes::net
