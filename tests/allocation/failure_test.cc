// After any failed allocation, a connection receives complete frames or its end, and the hub serves the others.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "allocation/counter.h"
#include "unit/net/hub_harness.h"

namespace globes {
namespace {

using net::WsSession;
using roomlog::Opcode;

constexpr net::TopicId kTopic = 1;
constexpr std::size_t kLongText = 1999;

/// Whether `stream` consists of complete frames that the test has sent, and at most one incomplete frame at its end.
testing::AssertionResult is_stream_of_frames(std::string_view stream) {
    while (!stream.empty()) {
        const std::size_t size = roomlog::frame_size(stream);
        const bool is_whole = size != 0 && size <= stream.size();
        const std::string_view frame = stream.substr(0, is_whole ? size : stream.size());
        const char opcode = static_cast<char>(frame[0] & 0x0F);
        if ((frame[0] & 0xF0) != 0x80) return testing::AssertionFailure() << "no frame starts with " << +frame[0];
        const std::size_t header = size <= kLongText + 4 ? 4 : 10;
        if (opcode == static_cast<char>(Opcode::text) && size >= kLongText && frame.size() > header) {
            const std::string_view payload = frame.substr(header);
            if (payload.find_first_not_of(payload[0]) != std::string_view::npos)
                return testing::AssertionFailure() << "another frame within a text";
        }
        if (!is_whole) break;
        stream.remove_prefix(size);
    }
    return testing::AssertionSuccess();
}

class FailureTest : public net::HubTest {
protected:
    FailureTest() { spdlog::set_level(spdlog::level::off); }
    ~FailureTest() override { spdlog::set_level(spdlog::level::info); }

    using Act = std::function<void(net::Connection&)>;

    /// Lets each allocation of `act` fail, one for each repetition. `act` gets a connection, after `prepare`; if
    /// `is_full`, its socket is full in the middle of a frame.
    void fail_each(bool is_full, const Act& act, const Act& prepare = [](net::Connection&) {}) {
        std::size_t number = 0;
        for (bool has_failed = true; has_failed;) {
            SCOPED_TRACE("allocation " + std::to_string(++number));
            witness = connect_to(kTopic);
            const auto connection = connect_to(kTopic, Wish{.send_buffer_bytes = is_full ? net::kSmallBuffer : 0});
            settle();
            if (is_full) fill(kTopic);
            prepare(*connection);
            fail_allocations(number);
            try {
                act(*connection);
            } catch (const std::bad_alloc&) {
            }
            has_failed = !will_allocation_fail();
            fail_allocations(0);
            check_survivors(*connection);
        }
        EXPECT_GT(number, 1U) << "something is allocated";
    }

    void check_survivors(net::Connection& connection) {
        drain(connection);
        EXPECT_EQ(connection.record.closed, is_open(connection) ? 0 : 1);
        witness = connect_to(kTopic);
        say(kTopic, "to all");
        drain(*witness);
        EXPECT_EQ(witness->peer.frames(), (std::vector<net::WireFrame>{{Opcode::text, "to all"}}));
        drain(connection);
        EXPECT_TRUE(is_stream_of_frames(connection.peer.received));
        EXPECT_EQ(connection.peer.received.ends_with("to all"), is_open(connection));
        connection.peer.hang_up();
        witness.reset();
        settle();
        EXPECT_EQ(hub.size(), 0U) << "no session is left behind";
    }
    bool is_open(const net::Connection& connection) { return !is_gone(connection) && session(connection).is_open(); }

    std::unique_ptr<net::Connection> witness;
    const std::string text = std::string(kLongText, 'x');
};

TEST_F(FailureTest, OfADirectFrameThatIsHalfSent) {
    const std::string large(1 << 20, 'x');
    fail_each(false, [&](net::Connection& connection) { session(connection).send_direct(Opcode::text, large); });
}

TEST_F(FailureTest, OfADirectFrameThatIsQueued) {
    fail_each(true, [this](net::Connection& connection) { session(connection).send_direct(Opcode::text, text); });
}

TEST_F(FailureTest, OfFramesThatAreQueued) {
    const roomlog::Slice frames = [this] {
        std::string frame;
        roomlog::append_frame(frame, Opcode::text, text);
        return roomlog::make_slice(frame);
    }();
    fail_each(true, [&](net::Connection& connection) { session(connection).send_frames(frames); });
}

TEST_F(FailureTest, OfACloseInTheMiddleOfAFrame) {
    fail_each(true, [this](net::Connection& connection) { session(connection).close(net::kCloseNormal, "bye"); });
}

TEST_F(FailureTest, OfAPong) {
    fail_each(true, [this](net::Connection& connection) {
        connection.peer.send(net::client_frame(Opcode::ping, "are you there"));
        poll();
    });
}

TEST_F(FailureTest, OfATimeout) {
    fail_each(true, [this](net::Connection&) { hub.advance(hub.wheel().now() + hub.settings().stalled_after); });
}

TEST_F(FailureTest, OfAFanOut) {
    roomlog::Slice slice;
    fail_each(
        false,
        [&](net::Connection&) {
            hub.extend(kTopic, slice);
            hub.fan_out();
        },
        [&](net::Connection&) {
            std::string frame;
            roomlog::append_frame(frame, Opcode::text, text);
            slice = logs[kTopic].writer.append(frame);
            logs[kTopic].writer.take_unpublished();
            logs[kTopic].bytes += frame;
        });
}

TEST_F(FailureTest, OfTheTaskWithASlice) {
    for (const bool is_retained : {false, true}) {
        const auto connection = connect_to(kTopic, {.send_buffer_bytes = net::kSmallBuffer});
        settle();
        if (is_retained) fill(kTopic);
        std::string lost;
        roomlog::append_frame(lost, Opcode::text, text);
        logs[kTopic].writer.append(lost);
        logs[kTopic].writer.take_unpublished();
        logs[kTopic].bytes += lost;
        say(kTopic, "behind the gap");
        settle();
        EXPECT_TRUE(is_gone(*connection));
        check_survivors(*connection);
    }
}

}  // namespace
}  // namespace globes
