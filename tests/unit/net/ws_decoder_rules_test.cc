// Every rule of RFC 6455 (5 to 8) that a client can break, and the limit cases that keep it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/ws_decoder.h"
#include "unit/net/ws_client.h"

namespace globes::net {
namespace {

using roomlog::Opcode;
using testing::ElementsAre;
using testing::SizeIs;

std::string bytes(std::initializer_list<unsigned> values) {
    std::string text;
    for (const unsigned value : values) text.push_back(static_cast<char>(value));
    return text;
}

struct Violation {
    const char* what;
    std::string stream;  // Its last byte breaks the rule.
    CloseCode code;
};

std::vector<Violation> violations() {
    const std::string begun = client_frame(Opcode::text, "begun", false);
    return {
        {"unmasked text", bytes({0x81, 0x02}), kCloseProtocolError},
        {"unmasked ping", bytes({0x89, 0x00}), kCloseProtocolError},
        {"unmasked close", bytes({0x88, 0x00}), kCloseProtocolError},
        {"unmasked binary", bytes({0x82, 0x00}), kCloseProtocolError},
        {"RSV1, as a compressed message has it", bytes({0xC1, 0x80}), kCloseProtocolError},
        {"RSV2", bytes({0xA1, 0x80}), kCloseProtocolError},
        {"RSV3", bytes({0x91, 0x80}), kCloseProtocolError},
        {"RSV1 on a ping", bytes({0xC9, 0x80}), kCloseProtocolError},
        {"fragmented ping", bytes({0x09, 0x80}), kCloseProtocolError},
        {"fragmented pong", bytes({0x0A, 0x80}), kCloseProtocolError},
        {"fragmented close", bytes({0x08, 0x80}), kCloseProtocolError},
        {"ping of 126 bytes", bytes({0x89, 0xFE}), kCloseProtocolError},
        {"pong with a 64-bit length", bytes({0x8A, 0xFF}), kCloseProtocolError},
        {"close of 126 bytes", bytes({0x88, 0xFE}), kCloseProtocolError},
        {"125 in 16 bits", bytes({0x81, 0xFE, 0x00, 0x7D}), kCloseProtocolError},
        {"0 in 16 bits", bytes({0x81, 0xFE, 0x00, 0x00}), kCloseProtocolError},
        {"65535 in 64 bits", bytes({0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}), kCloseProtocolError},
        {"5 in 64 bits", bytes({0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5}), kCloseProtocolError},
        {"64-bit length with the high bit", bytes({0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0}), kCloseProtocolError},
        {"continuation of nothing", bytes({0x80, 0x80}), kCloseProtocolError},
        {"open continuation of nothing", bytes({0x00, 0x80}), kCloseProtocolError},
        {"continuation after a whole message", client_text("whole") + bytes({0x80, 0x80}), kCloseProtocolError},
        {"text within a message", begun + bytes({0x81, 0x80}), kCloseProtocolError},
        {"open text within a message", begun + bytes({0x01, 0x80}), kCloseProtocolError},
        {"binary within a message", begun + bytes({0x82, 0x80}), kCloseProtocolError},
        {"close with half a code", client_frame(Opcode::close, "\x03"), kCloseProtocolError},
        {"close with a code that is not for the wire", client_frame(Opcode::close, "\x03\xED"), kCloseProtocolError},
        {"close with a bad reason", client_frame(Opcode::close, "\x03\xE8\xFF"), kCloseInvalidText},
        {"binary", bytes({0x82, 0x80}), kCloseUnsupportedData},
        {"fragmented binary", bytes({0x02, 0x85}), kCloseUnsupportedData},
        {"64 KiB + 1", bytes({0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1}), kCloseMessageTooBig},
        {"64 KiB + 1 in a fragment", bytes({0x01, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1}), kCloseMessageTooBig},
        {"the longest length", bytes({0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}),
         kCloseMessageTooBig},
        {"64 KiB over two fragments and 1", begun + bytes({0x80, 0xFE, 0xFF, 0xFC}), kCloseMessageTooBig},
        {"a length that overflows the sum", begun + bytes({0x80, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}),
         kCloseMessageTooBig},
        {"text that is not UTF-8", client_text("\xFF"), kCloseInvalidText},
        {"text that ends within a character", client_text("\xE2\x82"), kCloseInvalidText},
        {"message that ends within a character",
         client_frame(Opcode::text, "\xE2", false) + client_frame(Opcode::continuation, "\x82"), kCloseInvalidText},
        {"message that ends within a character before an empty fragment",
         client_frame(Opcode::text, "\xE2", false) + client_frame(Opcode::continuation, ""), kCloseInvalidText},
        {"surrogate over two fragments",
         client_frame(Opcode::text, "\xED", false) + client_frame(Opcode::continuation, "\xA0"), kCloseInvalidText},
    };
}

TEST(WsDecoderRules, EachViolationHasItsCloseCode) {
    for (const auto& [what, stream, code] : violations()) EXPECT_EQ(decode(stream).failure, code) << what;
}

TEST(WsDecoderRules, EachViolationIsFoundByteByByte) {
    for (const auto& [what, stream, code] : violations()) EXPECT_EQ(decode(stream, {}, 1), decode(stream)) << what;
}

TEST(WsDecoderRules, AViolationIsFoundWithItsLastByteAndNotBefore) {
    for (auto [what, stream, code] : violations()) {
        stream.pop_back();
        EXPECT_EQ(decode(stream).failure, std::nullopt) << what;
        EXPECT_EQ(decode(stream, {}, 1).failure, std::nullopt) << what;
    }
}

TEST(WsDecoderRules, ReservedOpcodesAreRefused) {
    for (const unsigned opcode : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u}) {
        EXPECT_EQ(decode(bytes({0x80 | opcode, 0x80})).failure, kCloseProtocolError) << opcode;
        const std::string begun = client_frame(Opcode::text, "begun", false);
        EXPECT_EQ(decode(begun + bytes({0x80 | opcode, 0x80})).failure, kCloseProtocolError) << opcode;
    }
}

TEST(WsDecoderRules, BadTextFailsWithinItsFragment) {
    // The rest of the fragment and of the message never arrives.
    std::string start = client_frame(Opcode::text, "good \xC0 and much more", false).substr(0, 6 + 6);
    EXPECT_EQ(decode(start).failure, kCloseInvalidText);
    start.pop_back();
    EXPECT_EQ(decode(start).failure, std::nullopt);
}

TEST(WsDecoderRules, ACharacterMaySpanFragments) {
    const std::string stream = client_frame(Opcode::text, "\xE2", false) +
                               client_frame(Opcode::continuation, "\x82", false) +
                               client_frame(Opcode::continuation, "\xAC");
    EXPECT_EQ(decode(stream), (Decoded{{"text:\xE2\x82\xAC"}, std::nullopt}));
}

TEST(WsDecoderRules, TheMessageLimitIsInclusiveOverFragments) {
    constexpr WsLimits kLimits{.message_bytes = 10};
    EXPECT_THAT(decode(client_text("0123456789"), kLimits).events, ElementsAre("text:0123456789"));
    EXPECT_EQ(decode(client_text("0123456789X"), kLimits).failure, kCloseMessageTooBig);

    const std::string begun = client_frame(Opcode::text, "01234", false);
    EXPECT_THAT(decode(begun + client_frame(Opcode::continuation, "56789"), kLimits).events,
                ElementsAre("text:0123456789"));
    EXPECT_EQ(decode(begun + client_frame(Opcode::continuation, "56789X"), kLimits).failure, kCloseMessageTooBig);
}

TEST(WsDecoderRules, TheMessageLimitAppliesToEachMessage) {
    constexpr WsLimits kLimits{.message_bytes = 10};
    const std::string message =
        client_frame(Opcode::text, "012", false) + client_frame(Opcode::continuation, "3456789");
    EXPECT_THAT(decode(message + message + message, kLimits).events, SizeIs(3));
}

TEST(WsDecoderRules, TheMessageLimitDoesNotCountControlFrames) {
    constexpr WsLimits kLimits{.message_bytes = 10};
    const std::string stream = client_frame(Opcode::text, "01234", false) +
                               client_frame(Opcode::ping, std::string(125, 'p')) +
                               client_frame(Opcode::continuation, "56789");
    EXPECT_EQ(decode(stream, kLimits).failure, std::nullopt);
    EXPECT_THAT(decode(stream, kLimits).events, SizeIs(2));
}

}  // namespace
}  // namespace globes::net
