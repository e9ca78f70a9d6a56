// A delivery, which is one message on its way to one member, takes nothing from the heap; what a message takes does not
// depend on how many members there are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "allocation/counter.h"
#include "unit/chat/core_harness.h"
#include "unit/net/hub_harness.h"

namespace globes {
namespace {

TEST(Counter, CountsAllocations) {
    std::unique_ptr<int> kept;
    EXPECT_EQ(allocations_of([&] { kept = std::make_unique<int>(1); }), 1U);
    EXPECT_EQ(allocations_of([] {}), 0U);
}

class DeliveryTest : public net::HubTest {
protected:
    static constexpr net::TopicId kTopic = 1;

    void connect_readers(std::size_t count) {
        while (readers.size() < count) readers.push_back(connect_to(kTopic));
    }
    /// The allocations of the hub while it sends `text` to every reader. Checks that each reader receives it.
    std::size_t allocations_of_saying(std::string_view text) {
        std::string frame;
        roomlog::append_frame(frame, roomlog::Opcode::text, text);
        const roomlog::Slice slice = logs[kTopic].writer.append(frame);
        logs[kTopic].writer.take_unpublished();
        const std::size_t taken = allocations_of([&] {
            hub.extend(kTopic, slice);
            while (hub.fan_out() == std::chrono::steady_clock::time_point::min()) {
            }
            hub.end_iteration();
        });
        for (const auto& reader : readers) {
            reader->peer.received.clear();
            reader->peer.read();
            EXPECT_EQ(reader->peer.received, frame);
        }
        return taken;
    }

    std::vector<std::unique_ptr<net::Connection>> readers;
};

TEST_F(DeliveryTest, AllocatesNothing) {
    connect_readers(100);
    for (int i = 0; i < 10; ++i) allocations_of_saying("warm up");
    std::size_t taken = 0;
    for (int i = 0; i < 1000; ++i) taken += allocations_of_saying("the same for all of them, every time");
    EXPECT_EQ(taken, 0U) << "for 100,000 deliveries";
}

TEST_F(DeliveryTest, ReadingAMessageAllocatesNothing) {
    connect_readers(1);
    std::size_t received_bytes = 0;
    const auto connection = connect();
    connection->record.on_text = [&](net::WsSession&, std::string_view message) { received_bytes += message.size(); };
    connection->record.texts.reserve(2000);
    const std::string frame = net::client_text("short");
    const auto say = [&] {
        connection->peer.send(frame);
        return allocations_of([&] { iterate(); });
    };
    for (int i = 0; i < 10; ++i) say();
    std::size_t taken = 0;
    for (int i = 0; i < 1000; ++i) taken += say();
    EXPECT_EQ(taken, 0U);
    EXPECT_EQ(received_bytes, 1010 * 5U);
}

TEST_F(DeliveryTest, AnAnswerToOneConnectionAllocatesNothing) {
    const auto connection = connect();
    net::WsSession& session = this->session(*connection);
    const std::string frames = "\x81\x02ok";
    EXPECT_EQ(allocations_of([&] {
                  for (int i = 0; i < 100; ++i) session.send_direct_frames(frames);
              }),
              0U);
    EXPECT_EQ(connection->peer.frames().size(), 100U);
}

class MessageTest : public chat::CoreHarness {
protected:
    /// The least that the core, its store and its lanes take for one message: now and then a table of theirs grows.
    std::size_t allocations_of_a_message() {
        std::size_t least = SIZE_MAX;
        for (int i = 0; i < 100; ++i)
            least = std::min(least, allocations_of([this] {
                                 send(1, "ann", "longer than what a string holds by itself");
                                 settle();
                             }));
        return least;
    }
};

TEST_F(MessageTest, AllocatesTheSameInARoomOfAnySize) {
    load();
    enter({1});
    const std::size_t alone = allocations_of_a_message();
    for (chat::ConnectionId connection = 2; connection <= 1000; ++connection) enter({connection});
    EXPECT_EQ(allocations_of_a_message(), alone);
}

}  // namespace
}  // namespace globes
