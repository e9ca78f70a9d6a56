// One session over a real socket: sending, receiving, pings, the close handshake. Protocol errors and lost connections:
// ws_session_end_test.cc.
#include "net/ws_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "unit/net/hub_harness.h"

namespace globes::net {
namespace {

using roomlog::Opcode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr TopicId kTopic = 5;

using WsSessionTest = HubTest;

/// The allocator takes 176 bytes for it, as for 160.
TEST_F(WsSessionTest, AnIdleConnectionIsSmall) { EXPECT_LE(sizeof(WsSession), 168U); }

TEST_F(WsSessionTest, FirstBytesAreSentBeforeAllElse) {
    auto connection = connect_to(kTopic, {.first_bytes = "HTTP/1.1 101 Switching Protocols\r\n\r\n"});
    say(kTopic, "hello");
    settle();
    connection->peer.read();
    EXPECT_EQ(connection->peer.received, "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05hello");
}

TEST_F(WsSessionTest, FramesThatFollowTheRequestAreDecoded) {
    const std::string frames = client_text("early");
    auto connection = connect({.unread = frames + client_text("cut").substr(0, 3)});
    EXPECT_THAT(connection->record.texts, ElementsAre("early"));
    connection->peer.send(client_text("cut").substr(3));
    settle();
    EXPECT_THAT(connection->record.texts, ElementsAre("early", "cut"));
}

TEST_F(WsSessionTest, ADirectFrameReachesItsConnectionOnly) {
    auto asks = connect_to(kTopic);
    auto other = connect_to(kTopic);
    asks->record.on_text = [](WsSession& session, std::string_view message) {
        session.send_direct(Opcode::text, "no " + std::string(message));
    };
    asks->peer.send(client_text("way"));
    settle();
    EXPECT_THAT(asks->peer.frames(), ElementsAre(WireFrame{Opcode::text, "no way"}));
    EXPECT_THAT(other->peer.frames(), IsEmpty());
}

TEST_F(WsSessionTest, AdoptingASocketThatHasEndedReturnsNull) {
    const auto [server, peer] = unix_pair();
    ::close(peer);
    const auto record = std::make_shared<HandlerRecord>();
    EXPECT_EQ(hub.adopt(hub.next_id(), FileDescriptor(server), "101", {}, std::make_unique<RecordingHandler>(record)),
              nullptr);
    EXPECT_EQ(record->closed, 1);
    hub.end_iteration();
    EXPECT_EQ(hub.size(), 0U);
}

// --- partial messages ------------------------------------------------------------------------------------------------

TEST_F(WsSessionTest, AMessageMustEndWithin10SecondsHoweverSteadilyItsBytesArrive) {
    auto connection = connect();
    const std::string frame = client_text("a long message");
    connection->peer.send(frame.substr(0, 8));
    settle();
    for (std::size_t i = 8; i < 17; ++i) {
        wait_seconds(1);
        connection->peer.send(frame.substr(i, 1));
        settle();
    }
    EXPECT_THAT(connection->peer.frames(), IsEmpty());
    wait_seconds(1);
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseTooSlow, "too slow")));
}

TEST_F(WsSessionTest, FragmentsBetweenPongsMustEndWithin10SecondsToo) {
    auto connection = connect();
    connection->peer.send(client_frame(Opcode::text, "begin", false));
    settle();
    for (int i = 0; i < 9; ++i) {
        wait_seconds(1);
        connection->peer.send(client_frame(Opcode::pong, "") + client_frame(Opcode::continuation, "", false));
        settle();
    }
    EXPECT_EQ(connection->record.closed, 0);
    wait_seconds(1);
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseTooSlow, "too slow")));
}

TEST_F(WsSessionTest, EachPartialMessageHasItsOwnTime) {
    auto connection = connect();
    const std::string frame = client_text("hello");
    connection->peer.send(frame.substr(0, 8));
    settle();
    for (int i = 0; i < 5; ++i) {
        wait_seconds(8);
        connection->peer.send(frame.substr(8) + frame.substr(0, 8));
        settle();
    }
    EXPECT_THAT(connection->record.texts, SizeIs(5));
    EXPECT_EQ(connection->record.closed, 0);
    connection->peer.send(frame.substr(8));
    settle();
    wait_seconds(20);
    EXPECT_EQ(connection->record.closed, 0) << "nothing is partial";
}

TEST_F(WsSessionTest, ReportsFragmentsAndPongs) {
    auto connection = connect();
    connection->peer.send(client_frame(Opcode::text, "a", false) + client_frame(Opcode::continuation, "", false) +
                          client_frame(Opcode::pong, "") + client_frame(Opcode::continuation, "b"));
    settle();
    EXPECT_EQ(connection->record.other_frames, 3);
    EXPECT_THAT(connection->record.texts, ElementsAre("ab"));
}

TEST_F(WsSessionTest, AHandlerMayCloseTheSessionAtAFragment) {
    auto connection = connect();
    connection->record.on_other_frame = [](WsSession& session) { session.close(kCloseTooManyMessages, "enough"); };
    connection->peer.send(client_frame(Opcode::text, "a", false) + client_frame(Opcode::continuation, "b"));
    settle();
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseTooManyMessages, "enough")));
    EXPECT_THAT(connection->record.texts, IsEmpty());
}

TEST_F(WsSessionTest, TheFramesOfAFloodAreNotDecodedAfterItsCloseFrame) {
    auto connection = connect();
    connection->record.on_other_frame = [](WsSession& session) { session.close_flood(); };
    std::string flood;
    for (int i = 0; i < 100; ++i) flood += client_frame(Opcode::pong, "");
    connection->peer.send(flood + "no frame" + client_close(kCloseNormal));
    settle();
    EXPECT_EQ(connection->record.other_frames, 1);
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseTooManyMessages, "too many messages")));
    EXPECT_TRUE(connection->peer.saw_end());
    connection->peer.hang_up();
    settle();
    EXPECT_TRUE(is_gone(*connection));
}

TEST_F(WsSessionTest, APeerThatSendsMoreThan1MiBAfterOurCloseFrameIsDropped) {
    auto connection = connect();
    session(*connection).close(kCloseGoingAway);
    const std::string message = client_text(std::string(60'000, 'x'));
    std::size_t sent = 0;
    for (; sent + message.size() <= std::size_t{1} << 20; sent += message.size()) {
        connection->peer.send(message);
        settle();
    }
    EXPECT_FALSE(is_gone(*connection));
    connection->peer.send(message);
    settle();
    EXPECT_TRUE(is_gone(*connection));
}

// --- pings -----------------------------------------------------------------------------------------------------------

TEST_F(WsSessionTest, AnswersPingsWithTheirPayload) {
    auto connection = connect();
    connection->peer.send(client_frame(Opcode::ping, "are you there?"));
    settle();
    EXPECT_THAT(connection->peer.frames(), ElementsAre(WireFrame{Opcode::pong, "are you there?"}));
}

TEST_F(WsSessionTest, DoesNotAnswerAPingThatTheHandlerRefuses) {
    auto connection = connect();
    connection->record.answers_pings = false;
    connection->peer.send(client_frame(Opcode::ping, ""));
    settle();
    EXPECT_EQ(connection->record.pings, 1);
    EXPECT_THAT(connection->peer.frames(), IsEmpty());
}

TEST_F(WsSessionTest, PingsAfter25SecondsOfSilence) {
    auto connection = connect();
    wait_seconds(24);
    EXPECT_THAT(connection->peer.frames(), IsEmpty());
    wait_seconds(1);
    EXPECT_THAT(connection->peer.frames(), ElementsAre(WireFrame{Opcode::ping, ""}));
    connection->peer.send(client_frame(Opcode::pong, ""));
    settle();
    wait_seconds(24);
    EXPECT_THAT(connection->peer.frames(), SizeIs(1));
    wait_seconds(1);
    EXPECT_THAT(connection->peer.frames(), SizeIs(2));
    EXPECT_EQ(connection->record.closed, 0);
}

TEST_F(WsSessionTest, APeerThatSendsMessagesIsNotPinged) {
    auto connection = connect();
    for (int i = 0; i < 10; ++i) {
        wait_seconds(20);
        connection->peer.send(client_text("still here"));
        settle();
    }
    EXPECT_THAT(connection->peer.frames(), IsEmpty());
}

TEST_F(WsSessionTest, AnyReceivedBytesCountAsAPong) {
    auto connection = connect();
    wait_seconds(30);
    connection->peer.send(client_text("busy"));
    settle();
    wait_seconds(20);
    EXPECT_THAT(connection->peer.frames(), SizeIs(1));
    EXPECT_EQ(connection->record.closed, 0);
}

TEST_F(WsSessionTest, ClosesWith4001TenSecondsAfterAPingWithoutPong) {
    auto connection = connect();
    wait_seconds(34);
    EXPECT_EQ(connection->record.closed, 0);
    wait_seconds(1);
    EXPECT_EQ(connection->record.closed, 1);
    EXPECT_THAT(connection->peer.frames(),
                ElementsAre(WireFrame{Opcode::ping, ""}, close_frame(kCloseNoPong, "no pong")));
    wait_seconds(6);
    expect_gone(*connection);
}

// --- the close handshake ---------------------------------------------------------------------------------------------

TEST_F(WsSessionTest, ThePeerClosesFirst) {
    auto connection = connect_to(kTopic);
    connection->peer.send(client_close(4321, "bye"));
    settle();
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(4321)));
    EXPECT_TRUE(connection->peer.saw_end());
    expect_gone(*connection);
}

TEST_F(WsSessionTest, ThePeerClosesFirstAndShutsDownAtOnce) {
    auto connection = connect({.tcp = true});
    connection->peer.send(client_close(kCloseNormal));
    connection->peer.shut_down();
    settle();
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseNormal)));
    EXPECT_TRUE(connection->peer.saw_end());
    expect_gone(*connection);
}

TEST_F(WsSessionTest, ACloseWithoutACodeIsAnsweredWithoutOne) {
    auto connection = connect();
    connection->peer.send(client_frame(Opcode::close, ""));
    settle();
    EXPECT_THAT(connection->peer.frames(), ElementsAre(WireFrame{Opcode::close, ""}));
    expect_gone(*connection);
}

TEST_F(WsSessionTest, TheServerClosesFirst) {
    auto connection = connect_to(kTopic);
    session(*connection).close(kCloseRoomDeleted, "room deleted");
    EXPECT_EQ(connection->record.closed, 1);
    settle();
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseRoomDeleted, "room deleted")));
    EXPECT_FALSE(connection->peer.saw_end()) << "the peer's close frame is awaited";
    connection->peer.send(client_close(kCloseRoomDeleted));
    settle();
    connection->peer.read();
    EXPECT_TRUE(connection->peer.saw_end());
    expect_gone(*connection);
}

TEST_F(WsSessionTest, BothCloseAtOnce) {
    auto connection = connect();
    connection->peer.send(client_close(kCloseNormal));
    session(*connection).close(kCloseGoingAway);
    settle();
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseGoingAway)));
    EXPECT_TRUE(connection->peer.saw_end());
    expect_gone(*connection);
}

TEST_F(WsSessionTest, APeerThatNeverAnswersACloseIsDroppedAfterTheCloseTimeout) {
    auto connection = connect();
    session(*connection).close(kCloseGoingAway);
    wait_seconds(4);
    EXPECT_FALSE(is_gone(*connection));
    wait_seconds(1);
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseGoingAway)));
    EXPECT_TRUE(connection->peer.saw_end());
    expect_gone(*connection);
}

TEST_F(WsSessionTest, TheFirstCloseDeterminesTheCode) {
    auto connection = connect();
    session(*connection).close(kCloseGoingAway);
    session(*connection).close(kCloseRoomDeleted);
    settle();
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseGoingAway)));
}

TEST_F(WsSessionTest, NothingFollowsTheCloseFrame) {
    auto connection = connect_to(kTopic);
    WsSession& closing = session(*connection);
    closing.close(kCloseGoingAway);
    closing.send_direct(Opcode::text, "late");
    say(kTopic, "late too");
    connection->peer.send(client_frame(Opcode::ping, "late as well"));
    settle();
    EXPECT_FALSE(closing.is_open());
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseGoingAway)));
}

TEST_F(WsSessionTest, MessagesBetweenTheTwoCloseFramesAreIgnored) {
    auto connection = connect();
    session(*connection).close(kCloseGoingAway);
    connection->peer.send(client_text("was on its way") + client_close(kCloseGoingAway) + client_text("too late"));
    settle();
    EXPECT_THAT(connection->record.texts, IsEmpty());
    expect_gone(*connection);
}

TEST_F(WsSessionTest, AHandlerMayCloseTheSessionDuringACall) {
    auto connection = connect();
    connection->record.on_text = [](WsSession& session, std::string_view) { session.close(kCloseTooManyMessages); };
    connection->peer.send(client_text("one") + client_text("two"));
    settle();
    EXPECT_THAT(connection->record.texts, ElementsAre("one"));
    EXPECT_THAT(connection->peer.frames(), ElementsAre(close_frame(kCloseTooManyMessages)));
}

TEST_F(WsSessionTest, AFullSocketGetsTheRestOfItsFrameThenTheDirectQueueThenTheCloseFrame) {
    const auto closes = [&](const std::function<void(Connection&)>& close) {
        auto connection = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer});
        const std::size_t from = logs[kTopic].bytes.size();
        fill(kTopic);
        session(*connection).send_direct(Opcode::text, "direct");
        close(*connection);
        settle();
        EXPECT_EQ(connection->record.closed, 1);
        drain(*connection);
        std::vector<WireFrame> frames = connection->peer.frames();
        const std::vector<WireFrame> said = parse_frames(logs[kTopic].bytes.substr(from));
        EXPECT_GE(frames.size(), 3U);
        if (frames.size() < 3) return connection;
        EXPECT_LT(frames.size(), said.size());
        EXPECT_EQ(frames.back(), close_frame(kCloseGoingAway));
        EXPECT_EQ(frames[frames.size() - 2], (WireFrame{Opcode::text, "direct"}));
        for (std::size_t i = 0; i + 2 < frames.size(); ++i) EXPECT_EQ(frames[i], said[i]);
        return connection;
    };
    const auto close_of_server = closes([&](Connection& c) { session(c).close(kCloseGoingAway); });
    EXPECT_FALSE(close_of_server->peer.saw_end());
    const auto close_of_peer = closes([&](Connection& c) { c.peer.send(client_close(kCloseGoingAway)); });
    EXPECT_TRUE(close_of_peer->peer.saw_end());
    EXPECT_TRUE(is_gone(*close_of_peer));
}

TEST_F(WsSessionTest, ClosesAfterAHalfSentFrameWasFinishedAndAnotherFollowed) {
    auto connection = connect_to(kTopic, {.send_buffer_bytes = kSmallBuffer});
    fill(kTopic);
    drain(*connection);
    say(kTopic, "and one more");
    settle();
    session(*connection).close(kCloseGoingAway);
    std::string close;
    roomlog::append_frame(close, Opcode::close, encode_close_payload(kCloseGoingAway));
    drain(*connection);
    EXPECT_EQ(connection->peer.received, logs[kTopic].bytes + close);
}

}  // namespace
}  // namespace globes::net
