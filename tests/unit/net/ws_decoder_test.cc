#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "net/ws_decoder.h"
#include "unit/net/ws_client.h"

namespace globes::net {
namespace {

constexpr MaskKey kKey{'\x01', '\x82', '\x7C', '\xF0'};

std::string pattern(std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 37 + 11));
    return bytes;
}

std::string masked_byte_by_byte(std::string bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(bytes[i] ^ kKey[i % 4]);
    return bytes;
}

TEST(WsMask, UnmasksTheExampleOfTheRfc) {
    std::string bytes = "\x7f\x9f\x4d\x51\x58";
    unmask(bytes, {'\x37', '\xfa', '\x21', '\x3d'});
    EXPECT_EQ(bytes, "Hello");
}

TEST(WsMask, UnmasksEveryLengthAtEveryAlignment) {
    for (std::size_t size = 0; size < 100; ++size) {
        for (std::size_t offset = 0; offset < 8; ++offset) {
            std::string bytes = pattern(offset + size + 1);
            const std::string expected =
                bytes.substr(0, offset) + masked_byte_by_byte(bytes.substr(offset, size)) + bytes.back();
            unmask(std::span(bytes).subspan(offset, size), kKey);
            ASSERT_EQ(bytes, expected) << size << ' ' << offset;
        }
    }
}

TEST(WsMask, TheAdvancedKeyContinuesAnywhere) {
    const std::string expected = masked_byte_by_byte(pattern(40));
    for (std::size_t cut = 0; cut <= 40; ++cut) {
        std::string bytes = pattern(40);
        unmask(std::span(bytes).first(cut), kKey);
        unmask(std::span(bytes).subspan(cut), advance_key(kKey, cut));
        ASSERT_EQ(bytes, expected) << cut;
    }
}

using roomlog::Opcode;
using testing::ElementsAre;

// Messages of every kind, fragments with control frames between them, characters of two to four bytes.
std::string long_conversation() {
    return client_text("hello") + client_frame(Opcode::text, "gr\xC3", false) +
           client_frame(Opcode::ping, "still there?") + client_frame(Opcode::continuation, "\xBC\xC3\x9F ", false) +
           client_frame(Opcode::pong, "") + client_frame(Opcode::continuation, "\xF0\x9F\x8C\x8D") +
           client_frame(Opcode::text, "", false) + client_frame(Opcode::continuation, "") +
           client_text(std::string(200, 'x')) +
           client_frame(Opcode::close,
                        "\x03\xE8"
                        "bye");
}

Decoded long_conversation_decoded() {
    return {{"text:hello", "ping:still there?", "pong:", "text:gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8D",
             "text:", "text:" + std::string(200, 'x'), "close:1000:bye"},
            std::nullopt};
}

TEST(WsDecoder, DecodesAConversationInOnePiece) { EXPECT_EQ(decode(long_conversation()), long_conversation_decoded()); }

TEST(WsDecoder, DecodesTheSameInPiecesOfAnySize) {
    for (std::size_t piece_bytes = 1; piece_bytes < long_conversation().size(); ++piece_bytes)
        EXPECT_EQ(decode(long_conversation(), {}, piece_bytes), long_conversation_decoded()) << piece_bytes;
}

TEST(WsDecoder, DecodesTheSameSplitAtAnyTwoPoints) {
    const std::size_t size = long_conversation().size();
    for (std::size_t first = 0; first <= size; ++first) {
        for (std::size_t second = first; second <= size; second += 7) {
            std::string stream = long_conversation();
            const std::span<char> bytes(stream);
            WsDecoder decoder;
            EventRecord record;
            ASSERT_EQ(decoder.consume(bytes.first(first), record), std::nullopt);
            ASSERT_EQ(decoder.consume(bytes.subspan(first, second - first), record), std::nullopt);
            ASSERT_EQ(decoder.consume(bytes.subspan(second), record), std::nullopt);
            ASSERT_EQ(record.events, long_conversation_decoded().events) << first << ' ' << second;
        }
    }
}

TEST(WsDecoder, StopsAtAFragmentThatTheReceiverRefuses) {
    std::string stream = client_frame(Opcode::text, "a", false) + client_frame(Opcode::continuation, "", false) +
                         client_frame(Opcode::continuation, "b") + client_text("next");
    EventRecord record;
    record.stop_after_fragments = 2;
    WsDecoder decoder;
    EXPECT_EQ(decoder.consume(stream, record), std::nullopt);
    EXPECT_EQ(record.fragments, 2U);
    EXPECT_TRUE(record.events.empty());
    EXPECT_EQ(decoder.buffered_bytes(), 0U);
}

TEST(WsDecoder, ReturnsACompleteFrameWithoutACopy) {
    struct Where final : WsEvents {
        const char* message = nullptr;
        bool on_text(std::string_view text) override {
            message = text.data();
            return true;
        }
        bool on_ping(std::string_view) override { return true; }
        bool on_pong(std::string_view) override { return true; }
        bool on_fragment() override { return true; }
        void on_close(CloseCode, std::string_view) override {}
    } where;
    std::string stream = client_text("hello");
    WsDecoder decoder;
    EXPECT_EQ(decoder.consume(stream, where), std::nullopt);
    EXPECT_EQ(where.message, stream.data() + 6);
}

TEST(WsDecoder, DecodesEveryLengthEncoding) {
    for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u}) {
        const std::string text(size, 'a');
        EXPECT_THAT(decode(client_text(text)).events, ElementsAre("text:" + text)) << size;
        EXPECT_THAT(decode(client_text(text), {}, 1000).events, ElementsAre("text:" + text)) << size;
    }
}

TEST(WsDecoder, AcceptsControlFramesOf125Bytes) {
    const std::string payload(125, 'p');
    const std::string frames = client_frame(Opcode::ping, payload) + client_frame(Opcode::pong, payload);
    EXPECT_THAT(decode(frames).events, ElementsAre("ping:" + payload, "pong:" + payload));
    EXPECT_EQ(decode(frames, {}, 1), decode(frames));
}

TEST(WsDecoder, ReportsACloseFrameWithoutACode) {
    EXPECT_EQ(decode(client_frame(Opcode::close, "")), (Decoded{{"close:1005:"}, std::nullopt}));
}

TEST(WsDecoder, IgnoresBytesAfterACloseFrame) {
    EXPECT_THAT(decode(client_frame(Opcode::close, "") + client_text("late")).events, ElementsAre("close:1005:"));

    std::string close = client_frame(Opcode::close, "");
    std::string garbage = "\xFF\xFF\xFF\xFF";
    WsDecoder decoder;
    EventRecord record;
    EXPECT_EQ(decoder.consume(close, record), std::nullopt);
    EXPECT_EQ(decoder.consume(garbage, record), std::nullopt);
    EXPECT_THAT(record.events, ElementsAre("close:1005:"));
}

TEST(WsDecoder, IgnoresBytesAfterAFailure) {
    std::string unmasked = "\x81\x02hi";
    std::string text = client_text("late");
    WsDecoder decoder;
    EventRecord record;
    EXPECT_EQ(decoder.consume(unmasked, record), kCloseProtocolError);
    EXPECT_EQ(decoder.consume(text, record), std::nullopt);
    EXPECT_THAT(record.events, ElementsAre());
}

TEST(WsDecoder, ReportsMessagesBeforeAFailure) {
    EXPECT_EQ(decode(client_text("good") + "\x81\x02hi" + client_text("late")),
              (Decoded{{"text:good"}, kCloseProtocolError}));
}

TEST(WsDecoder, StopsIfAHandlerSaysSo) {
    const std::string frames[] = {client_text("a"), client_frame(Opcode::ping, "b"), client_frame(Opcode::pong, "c"),
                                  client_frame(Opcode::text, "d", false) + client_frame(Opcode::continuation, "e")};
    for (const std::string& frame : frames) {
        for (const std::size_t piece_bytes : {std::size_t{1}, frame.size()}) {
            std::string stream = frame + client_text("late");
            WsDecoder decoder;
            EventRecord record;
            record.stop_after = 1;
            for (std::span<char> rest(stream); !rest.empty();) {
                const std::size_t count = std::min(piece_bytes, rest.size());
                EXPECT_EQ(decoder.consume(rest.first(count), record), std::nullopt);
                rest = rest.subspan(count);
            }
            EXPECT_EQ(record.events.size(), 1u) << frame;
            EXPECT_EQ(decoder.buffered_bytes(), 0u);
        }
    }
}

TEST(WsDecoder, HoldsNoMemoryBetweenMessages) {
    std::string stream = client_text("hello") + client_frame(Opcode::text, "a", false) +
                         client_frame(Opcode::ping, "") + client_frame(Opcode::continuation, "b") +
                         client_frame(Opcode::ping, "split");
    WsDecoder decoder;
    EventRecord record;
    std::size_t message_ends = 0;
    for (char& byte : stream) {
        const std::size_t before = record.events.size();
        ASSERT_EQ(decoder.consume({&byte, 1}, record), std::nullopt);
        const bool is_between = record.events.size() > before && record.events.back() != "ping:";
        EXPECT_EQ(decoder.buffered_bytes() == 0, is_between);
        message_ends += is_between;
    }
    EXPECT_EQ(message_ends, 3u);
}

TEST(WsDecoder, BuffersReceivedAndNotAnnouncedBytes) {
    const std::string frame = client_text(std::string(64 << 10, 'x'));
    constexpr std::size_t kHeadBytes = 14;
    constexpr std::size_t kFixedBytes = 256;
    std::string stream = frame;
    const std::span<char> bytes(stream);
    WsDecoder decoder;
    EventRecord record;
    for (std::size_t at = 0; at + 100 < bytes.size(); at += 100) {
        ASSERT_EQ(decoder.consume(bytes.subspan(at, 100), record), std::nullopt);
        const std::size_t arrived = at + 100 - kHeadBytes;
        ASSERT_LE(decoder.buffered_bytes(), kFixedBytes + std::min<std::size_t>(2 * arrived, 64 << 10));
    }
    EXPECT_GT(decoder.buffered_bytes(), 60'000u);
}

TEST(WsDecoder, NeverBuffersMoreThanTheLimitOfAFragmentedMessage) {
    constexpr WsLimits kLimits{.message_bytes = 1000};
    WsDecoder decoder(kLimits);
    EventRecord record;
    for (std::size_t size = 0; size < kLimits.message_bytes; size += 10) {
        std::string fragment = client_frame(size == 0 ? Opcode::text : Opcode::continuation, "0123456789", false);
        ASSERT_EQ(decoder.consume(fragment, record), std::nullopt);
        ASSERT_LE(decoder.buffered_bytes(), 256 + kLimits.message_bytes);
    }
    std::string empty = client_frame(Opcode::continuation, "", false);
    EXPECT_EQ(decoder.consume(empty, record), std::nullopt);
    std::string last = client_frame(Opcode::continuation, "0");
    EXPECT_EQ(decoder.consume(last, record), kCloseMessageTooBig);
    EXPECT_EQ(decoder.buffered_bytes(), 0u);
}

}  // namespace
}  // namespace globes::net
