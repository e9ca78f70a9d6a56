// Sessions whose sockets are full: they resume where they stopped, or are closed as slow consumers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "net/ws_hub.h"
#include "unit/net/hub_harness.h"

namespace globes::net {
namespace {

using roomlog::Opcode;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TopicId kTopic = 5;
constexpr std::size_t kBacklogBytes = 64 << 10;
constexpr std::size_t kDirectQueueBytes = 16 << 10;

WsSettings small_limits() {
    WsSettings settings;
    settings.backlog_bytes = kBacklogBytes;
    settings.direct_queue_bytes = kDirectQueueBytes;
    return settings;
}

class SlowReaderTest : public HubTest {
protected:
    SlowReaderTest() : HubTest(small_limits()) {}
};

TEST_F(SlowReaderTest, AFullSocketResumesExactlyWhereItStopped) {
    for (const auto& [tcp, tls] : {std::pair(false, false), {true, false}, {false, true}, {true, true}}) {
        auto slow = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer, .tcp = tcp, .tls = tls});
        const std::size_t from = logs[kTopic].bytes.size();
        for (int i = 0; i < 50; ++i) {
            say(kTopic, std::to_string(i) + std::string(1000, 'x'));
            iterate();
        }
        while (slow->peer.received.size() < logs[kTopic].bytes.size() - from) {
            slow->peer.read(333);
            iterate();
        }
        EXPECT_EQ(slow->peer.received, logs[kTopic].bytes.substr(from));
        EXPECT_EQ(slow->record.closed, 0);
    }
}

/// The frames of a stream by their source. The frames of the topic are texts that begin with f.
struct Sorted {
    explicit Sorted(std::vector<WireFrame> frames) {
        for (WireFrame& frame : frames) {
            const bool is_of_topic = frame.opcode == Opcode::text && frame.payload.starts_with('f');
            (frame.opcode == Opcode::close ? closes : is_of_topic ? of_topic : direct).push_back(std::move(frame));
        }
    }
    std::vector<WireFrame> of_topic = {};
    std::vector<WireFrame> direct = {};
    std::vector<WireFrame> closes = {};
};

bool starts(const std::vector<WireFrame>& all, const std::vector<WireFrame>& part) {
    return part.size() <= all.size() && std::equal(part.begin(), part.end(), all.begin());
}

class DirectFrames : public SlowReaderTest {
protected:
    struct Reader {
        std::unique_ptr<Connection> connection;
        std::vector<WireFrame> direct = {};  ///< In the order of sending.
    };

    void step(std::vector<Reader>& readers, TopicId topic, std::size_t most_bytes) {
        Reader& reader = readers[random() % readers.size()];
        WsSession* const session = hub.find(reader.connection->id);
        const bool is_open = session != nullptr && session->is_open();
        switch (random() % 8) {
            case 0:
            case 1:
                if (logs[topic].bytes.size() > most_bytes) break;
                say(topic, "f" + std::string(random() % (random() % 50 == 0 ? 70'000 : 2'000), 'x'));
                break;
            case 2:
                if (!is_open) break;
                reader.direct.push_back({Opcode::text, "o" + std::string(random() % 500, 'y')});
                session->send_direct(Opcode::text, reader.direct.back().payload);
                break;
            case 3:
                if (!is_open) break;
                reader.direct.push_back({Opcode::pong, std::to_string(random())});
                reader.connection->peer.send(client_frame(Opcode::ping, reader.direct.back().payload));
                poll_until_read(*reader.connection);  // before the next direct frame is queued
                break;
            case 4:
            case 5:
                reader.connection->peer.read(random() % 40'000);
                break;
            default:
                iterate();
        }
    }

    std::mt19937 random{2};
};

// Property: for all frame sizes and all ways to read, the stream of a peer consists of complete frames. It has the
// topic's frames without gaps and the direct frames in their order.
TEST_F(DirectFrames, AreSentBetweenTheFramesOfTheTopic) {
    std::size_t open = 0;
    std::size_t closed = 0;
    for (TopicId topic = 100; topic < 140; ++topic) {
        std::vector<Reader> readers;
        for (int i = 0; i < 8; ++i)
            readers.push_back(
                {connect_to(topic, {.send_buffer_bytes = static_cast<int>(random() % 20'000), .tls = i % 2 == 1})});
        for (int i = 0; i < 400; ++i) step(readers, topic, SIZE_MAX);
        const std::vector<WireFrame> said = parse_frames(logs[topic].bytes);
        for (Reader& reader : readers) {
            drain(*reader.connection);
            const Sorted got(reader.connection->peer.frames());
            ASSERT_TRUE(starts(said, got.of_topic));
            ASSERT_TRUE(starts(reader.direct, got.direct));
            if (reader.connection->record.closed > 0) {
                ++closed;
                ASSERT_THAT(got.closes, ElementsAre(close_frame(kCloseTooSlow, "too slow")));
            } else {
                ++open;
                ASSERT_EQ(got.of_topic.size(), said.size());
                ASSERT_EQ(got.direct.size(), reader.direct.size());
                ASSERT_THAT(got.closes, IsEmpty());
            }
        }
    }
    EXPECT_GT(open, 100U);
    EXPECT_GT(closed, 10U);
}

TEST_F(DirectFrames, AreSentBetweenTheFramesOfTheTopicOverTcpToo) {
    for (TopicId topic = 100; topic < 110; ++topic) {
        std::vector<Reader> readers;
        for (int i = 0; i < 4; ++i)
            readers.push_back({connect_to(topic, {.send_buffer_bytes = kSmallBuffer, .tcp = true, .tls = i % 2 == 1})});
        for (int i = 0; i < 400; ++i) step(readers, topic, kBacklogBytes / 2);
        const std::vector<WireFrame> said = parse_frames(logs[topic].bytes);
        for (Reader& reader : readers) {
            std::string expected = logs[topic].bytes;
            for (const WireFrame& frame : reader.direct) roomlog::append_frame(expected, frame.opcode, frame.payload);
            // Acknowledgements take time: read until everything has arrived.
            while (reader.connection->peer.received.size() < expected.size()) {
                iterate();
                reader.connection->peer.read();
            }
            const Sorted got(reader.connection->peer.frames());
            ASSERT_EQ(got.of_topic, said);
            ASSERT_EQ(got.direct, reader.direct);
        }
    }
}

TEST_F(SlowReaderTest, ASessionWithALongerBacklogThanTheLimitIsClosedAndItsBytesAreReleased) {
    auto slow = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer});
    auto fast = connect_to(kTopic);
    std::vector<std::weak_ptr<const char[]>> blocks;
    const auto held = [&] {
        return std::ranges::count(blocks, false, [](const auto& block) { return block.expired(); });
    };
    while (slow->record.closed == 0 && blocks.size() < 1000) {
        blocks.push_back(say_in_own_block(kTopic, std::string(1000, 'x')));
        settle();
        fast->peer.read();
        EXPECT_LE(held(), static_cast<long>(kBacklogBytes / 1000 + 2));
    }
    EXPECT_GT(blocks.size(), kBacklogBytes / 1000) << "not before the backlog is full";
    EXPECT_LT(blocks.size(), (kBacklogBytes + 50'000) / 1000);
    EXPECT_EQ(held(), 0);
    EXPECT_EQ(fast->peer.received, logs[kTopic].bytes);
    EXPECT_EQ(hub.counts().slow_consumers.value(), 1U);

    drain(*slow);
    const std::vector<WireFrame> frames = slow->peer.frames();
    EXPECT_EQ(frames.back(), close_frame(kCloseTooSlow, "too slow"));
    const std::vector<WireFrame> said = parse_frames(logs[kTopic].bytes);
    EXPECT_TRUE(std::equal(frames.begin(), frames.end() - 1, said.begin()));
    EXPECT_EQ(slow->record.closed, 1);
    EXPECT_EQ(fast->record.closed, 0);
}

TEST_F(SlowReaderTest, BytesRetainedForASlowReaderAreReleasedWhenItCatchesUp) {
    auto slow = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer});
    auto fast = connect_to(kTopic);
    std::weak_ptr<const char[]> last;
    for (int i = 0; i < 30; ++i) last = say_in_own_block(kTopic, std::string(1000, 'x'));
    settle();
    EXPECT_FALSE(last.expired());
    drain(*slow);
    EXPECT_TRUE(last.expired()) << "without another message";
}

TEST_F(SlowReaderTest, BytesRetainedForASlowReaderAreReleasedWhenItDisconnects) {
    auto slow = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer});
    auto fast = connect_to(kTopic);
    std::weak_ptr<const char[]> last;
    for (int i = 0; i < 30; ++i) last = say_in_own_block(kTopic, std::string(1000, 'x'));
    settle();
    EXPECT_FALSE(last.expired());
    slow->peer.hang_up();
    settle();
    EXPECT_TRUE(last.expired());
}

TEST_F(SlowReaderTest, APeerThatTakesNoBytesForTenSecondsIsClosed) {
    auto stalled = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer});
    for (int i = 0; i < 30; ++i) say(kTopic, std::string(1000, 'x'));
    settle();
    wait_seconds(9);
    EXPECT_EQ(stalled->record.closed, 0);
    wait_seconds(1);
    EXPECT_EQ(stalled->record.closed, 1);
    drain(*stalled);
    EXPECT_EQ(stalled->peer.frames().back(), close_frame(kCloseTooSlow, "too slow"));
}

TEST_F(SlowReaderTest, APeerThatNeverTakesBytesAgainIsDroppedWithoutItsCloseFrame) {
    auto stalled = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer});
    for (int i = 0; i < 30; ++i) say(kTopic, std::string(1000, 'x'));
    settle();
    wait_seconds(16);
    EXPECT_TRUE(is_gone(*stalled));
    EXPECT_EQ(stalled->record.closed, 1);
}

TEST_F(SlowReaderTest, APeerThatTakesTooLittleForTheKernelToReportIsNotStalled) {
    auto slow = connect_to(kTopic, {.send_buffer_bytes = 8 * kSmallBuffer});
    for (int i = 0; i < 100; ++i) say(kTopic, std::string(1000, 'x'));
    settle();
    wait_seconds(9);
    // Half of the socket's buffer: the kernel reports it as writable only when it is nearly empty.
    EXPECT_EQ(slow->peer.read(40'000), 40'000U);
    wait_seconds(9);
    EXPECT_EQ(slow->record.closed, 0);
    wait_seconds(10);
    EXPECT_EQ(slow->record.closed, 1) << "it had a backlog all the time";
}

TEST_F(SlowReaderTest, APeerThatDoesNotReadItsDirectFramesIsClosed) {
    auto slow = connect({.send_buffer_bytes = kSmallBuffer});
    std::size_t bytes = 0;
    for (; slow->record.closed == 0 && bytes < 10 * kDirectQueueBytes; bytes += 102)
        session(*slow).send_direct(Opcode::text, std::string(100, 'x'));
    EXPECT_GT(bytes, kDirectQueueBytes);
    EXPECT_LT(bytes, 2 * kDirectQueueBytes + 16'384);
    drain(*slow);
    EXPECT_EQ(slow->peer.frames().back(), close_frame(kCloseTooSlow, "too slow"));
}

// Over TCP, because its socket often has room again right after a partial send: the acknowledgement arrives within the
// send. The connection is closed in the middle of its first direct frame, while the topic has bytes for it.
TEST_F(SlowReaderTest, AHalfSentDirectFrameThatExceedsTheLimitIsFollowedByTheCloseFrameOnly) {
    const WireFrame direct{Opcode::text, std::string(20 * kDirectQueueBytes, 'd')};
    auto slow = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer, .tcp = true});
    say(kTopic, "a frame of the topic, not fanned out yet");
    session(*slow).send_direct(direct.opcode, direct.payload);
    ASSERT_EQ(slow->record.closed, 1) << "the socket took the whole frame";
    EXPECT_EQ(hub.counts().slow_consumers.value(), 1U);
    drain(*slow);
    EXPECT_THAT(slow->peer.frames(), ElementsAre(direct, close_frame(kCloseTooSlow, "too slow")));
}

// --- peers that read slowly but steadily, with a ping or a close frame behind what they read -------------------------
//
// Over TCP, because the kernel reports what the peer has taken only there. The sent bytes fit into the kernel's buffers
// of both sides, or the session waits for room.

constexpr int kSendBuffer = 200'000;
constexpr int kReceiveBuffer = 16 << 10;
constexpr std::size_t kFitsInKernel = 250'000;
constexpr std::size_t kFitsNowhere = 450'000;
constexpr std::size_t kReadAtOnce = 2 * kReceiveBuffer;

class SteadyReaderTest : public HubTest {
protected:
    std::unique_ptr<Connection> connect_and_send(std::size_t bytes) {
        auto connection =
            connect({.send_buffer_bytes = kSendBuffer, .receive_buffer_bytes = kReceiveBuffer, .tcp = true});
        std::string frame;
        roomlog::append_frame(frame, Opcode::text, std::string(bytes, 'x'));
        session(*connection).send_frames(roomlog::make_slice(frame));
        settle();
        return connection;
    }
    /// The peer reads a little every four seconds, until it has read `bytes` or the end. Returns how long it took.
    int read_slowly(Connection& connection, std::size_t bytes) {
        int seconds = 0;
        while (connection.peer.received.size() < bytes && !connection.peer.saw_end() && !connection.peer.was_reset()) {
            wait_seconds(4);
            seconds += 4;
            if (connection.peer.read(kReadAtOnce) == 0) break;
        }
        return seconds;
    }
    static std::size_t frame_bytes(std::size_t payload_bytes) { return payload_bytes + (payload_bytes < 126 ? 2 : 10); }
};

TEST_F(SteadyReaderTest, ReachesThePingAfterEarlierFrames) {
    for (const std::size_t bytes : {kFitsInKernel, kFitsNowhere}) {
        SCOPED_TRACE(bytes);
        auto slow = connect_and_send(bytes);
        // The first ping is queued after 25 s.
        EXPECT_GT(read_slowly(*slow, frame_bytes(bytes) + frame_bytes(0)), 25);
        EXPECT_EQ(slow->record.closed, 0);
        const std::vector<WireFrame> frames = slow->peer.frames();
        ASSERT_EQ(frames.size(), 2U);
        ASSERT_EQ(frames[1], (WireFrame{Opcode::ping, ""}));
        slow->peer.send(client_frame(Opcode::pong, ""));
        wait_seconds(24);
        EXPECT_EQ(slow->record.closed, 0);
    }
}

TEST_F(SteadyReaderTest, IsClosedWith4001TenSecondsAfterItStopsToRead) {
    auto stopped = connect_and_send(kFitsInKernel);
    read_slowly(*stopped, 4 * kReadAtOnce);
    wait_seconds(9);
    EXPECT_EQ(stopped->record.closed, 0) << "not pinged yet";
    wait_seconds(11);
    EXPECT_EQ(stopped->record.closed, 1);
    wait_seconds(5);
    expect_gone(*stopped);
}

// A peer that hangs: its kernel still takes what its buffer has room for.
TEST_F(SteadyReaderTest, BytesThatOnlyTheKernelOfThePeerTakesDoNotPostpone4001) {
    constexpr TopicId kBusy = 7;
    auto hanging = connect_to(kBusy, {.tcp = true});
    for (int second = 0; second < 35; ++second) {
        EXPECT_EQ(hanging->record.closed, 0) << second;
        say(kBusy, std::string(100, 'x'));
        wait_seconds(1);
    }
    EXPECT_EQ(hanging->record.closed, 1);
}

TEST_F(SteadyReaderTest, ReachesTheCloseFrameAfterEarlierFrames) {
    for (const std::size_t bytes : {kFitsInKernel, kFitsNowhere}) {
        SCOPED_TRACE(bytes);
        auto slow = connect_and_send(bytes);
        hub.close_all(kCloseGoingAway, {});
        EXPECT_GT(read_slowly(*slow, frame_bytes(bytes) + frame_bytes(2)), 10);
        ASSERT_FALSE(slow->peer.was_reset());
        const std::vector<WireFrame> frames = slow->peer.frames();
        ASSERT_EQ(frames.size(), 2U);
        ASSERT_EQ(frames[1], close_frame(kCloseGoingAway));
        ASSERT_FALSE(is_gone(*slow)) << "its answer would be met by a reset";
        slow->peer.send(client_close(kCloseGoingAway));
        settle();
        expect_gone(*slow);
    }
}

TEST_F(SteadyReaderTest, IsDroppedAfterTheCloseTimeoutIfItStopsToRead) {
    auto stopped = connect_and_send(kFitsInKernel);
    hub.close_all(kCloseGoingAway, {});
    read_slowly(*stopped, 2 * kReadAtOnce);
    EXPECT_FALSE(is_gone(*stopped));
    wait_seconds(10);
    expect_gone(*stopped);
}

TEST_F(SteadyReaderTest, IsDroppedAMinuteAfterTheCloseFrameAlsoIfItReadsOn) {
    auto slow = connect_and_send(4 * kFitsNowhere);
    hub.close_all(kCloseGoingAway, {});
    for (int seconds = 0; seconds < 60; seconds += 4) {
        EXPECT_FALSE(is_gone(*slow)) << seconds;
        slow->peer.read(kReadAtOnce);
        wait_seconds(4);
    }
    expect_gone(*slow);
}

}  // namespace
}  // namespace globes::net
