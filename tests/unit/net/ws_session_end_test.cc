// Sessions that end without a clean close handshake: protocol errors, and peers that disconnect in every state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/ws_session.h"
#include "unit/net/hub_harness.h"

namespace globes::net {
namespace {

using roomlog::Opcode;
using testing::ElementsAre;

constexpr TopicId kTopic = 5;

using WsSessionEndTest = HubTest;

std::vector<std::pair<std::string, CloseCode>> faults() {
    return {
        {"\x81\x05hello", kCloseProtocolError},
        {client_frame(Opcode::binary, "b"), kCloseUnsupportedData},
        {client_text("\xFF"), kCloseInvalidText},
        {client_text(std::string((64 << 10) + 1, 'x')).substr(0, 14), kCloseMessageTooBig},
        {client_frame(Opcode::close, std::string_view("\x03\xED", 2)), kCloseProtocolError},
    };
}

TEST_F(WsSessionEndTest, AProtocolErrorClosesWithItsCodeAndThePeerReceivesTheCloseFrame) {
    for (const auto& [fault, code] : faults()) {
        SCOPED_TRACE(code);
        auto connection = connect({.tcp = true});
        connection->peer.send(client_text("good") + fault);
        settle();
        // The peer has not read the close frame yet. The bytes that it still sends must not cause a reset.
        connection->peer.send(std::string(100'000, 'x'));
        settle();
        EXPECT_THAT(connection->record.texts, ElementsAre("good"));
        EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(code)));
        EXPECT_TRUE(connection->peer.saw_end());
        connection->peer.hang_up();
        settle();
        expect_gone(*connection);
    }
}

TEST_F(WsSessionEndTest, AProtocolErrorInTheBytesAfterTheRequestClosesToo) {
    auto connection = connect({.first_bytes = "101", .unread = "\x81\x05hello", .tcp = true});
    settle();
    connection->peer.read();
    std::string close;
    roomlog::append_frame(close, Opcode::close, encode_close_payload(kCloseProtocolError));
    EXPECT_EQ(connection->peer.received, "101" + close);
    EXPECT_TRUE(connection->peer.saw_end());
    EXPECT_EQ(connection->record.closed, 1);
}

TEST_F(WsSessionEndTest, AProtocolErrorWithAFullSocketFinishesTheFrameFirst) {
    auto connection = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer});
    fill(kTopic);
    connection->peer.send(client_frame(Opcode::binary, "b"));
    drain(*connection);
    EXPECT_EQ(connection->peer.frames().back(), close_frame(kCloseUnsupportedData));
    EXPECT_TRUE(connection->peer.saw_end());
    connection->peer.hang_up();
    settle();
    expect_gone(*connection);
}

class WsSessionOfTenBytes : public HubTest {
protected:
    WsSessionOfTenBytes() : HubTest(ten_bytes()) {}

    static WsSettings ten_bytes() {
        WsSettings settings;
        settings.limits.message_bytes = 10;
        return settings;
    }
};

TEST_F(WsSessionOfTenBytes, RefusesALongerMessageThanTheLimit) {
    auto connection = connect();
    connection->peer.send(client_text("0123456789"));
    settle();
    EXPECT_THAT(connection->record.texts, ElementsAre("0123456789"));
    connection->peer.send(client_text("0123456789A"));
    settle();
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseMessageTooBig)));
}

TEST_F(WsSessionEndTest, APeerThatSendsMoreAfterItsProtocolErrorIsDroppedAfterTheCloseTimeout) {
    auto connection = connect();
    connection->peer.send("\x81\x05hello");
    settle();
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(is_gone(*connection));
        connection->peer.send(std::string(1000, 'x'));
        wait_seconds(1);
    }
    expect_gone(*connection);
}

TEST_F(WsSessionEndTest, OnClosedIsCalledOnceInEveryState) {
    using Step = std::function<void(Connection&)>;
    const std::vector<std::pair<const char*, Step>> states = {
        {"idle", [](Connection&) {}},
        {"in a message", [](Connection& c) { c.peer.send(client_text("cut off").substr(0, 8)); }},
        {"full", [&](Connection&) { fill(kTopic); }},
        {"full and closing",
         [&](Connection& c) {
             fill(kTopic);
             session(c).close(kCloseGoingAway);
         }},
        {"closing", [&](Connection& c) { session(c).close(kCloseGoingAway); }},
        {"faulty", [](Connection& c) { c.peer.send("\x81\x05hello"); }},
        {"full and faulty",
         [&](Connection& c) {
             fill(kTopic);
             c.peer.send("\x81\x05hello");
         }},
        {"full and closed by the peer",
         [&](Connection& c) {
             fill(kTopic);
             c.peer.send(client_close(kCloseNormal));
         }},
        {"with bytes to come", [&](Connection&) { say(kTopic, "not fanned out yet"); }},
        {"pinged", [&](Connection&) { wait_seconds(25); }},
    };
    const std::vector<std::pair<const char*, Step>> ends = {
        {"EOF", [](Connection& c) { c.peer.shut_down(); }},
        {"hang-up", [](Connection& c) { c.peer.hang_up(); }},
        {"RST", [](Connection& c) { c.peer.reset(); }},
    };
    for (const auto& [state, enter] : states) {
        for (const auto& [end, finish] : ends) {
            for (const bool settles_before : {true, false}) {
                SCOPED_TRACE(std::string(end) + " while " + state + (settles_before ? "" : ", at once"));
                auto connection = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer, .tcp = true});
                enter(*connection);
                if (settles_before) settle();
                finish(*connection);
                settle();
                wait_seconds(6);
                expect_gone(*connection);
            }
        }
    }
}

TEST_F(WsSessionEndTest, CallsAfterTheEndInTheSameIterationChangeNothing) {
    auto connection = connect_to(kTopic);
    WsSession& ending = session(*connection);
    connection->peer.hang_up();
    poll();  // drops the session
    ending.close(kCloseGoingAway);
    ending.send_direct(Opcode::text, "late");
    hub.advance(hub.wheel().now() + ticks(std::chrono::seconds{100}));
    hub.close_all(kCloseGoingAway, {});
    hub.end_iteration();
    expect_gone(*connection);
}

}  // namespace
}  // namespace globes::net
