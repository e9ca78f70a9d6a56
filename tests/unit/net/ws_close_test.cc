#include "net/ws_close.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace globes::net {
namespace {

std::string payload_of(int code) { return {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}; }

bool may_be_sent(int code) {
    if (code == 1004 || code == 1005 || code == 1006 || code == 1015) return false;
    return (code >= 1000 && code < 1015) || (code >= 3000 && code < 5000);
}

TEST(WsClose, EveryCodeIsAcceptedOrRefusedAsTheRfcSays) {
    for (int code = 0; code <= 0xFFFF; ++code) {
        const auto parsed = parse_close_payload(payload_of(code));
        if (may_be_sent(code)) {
            ASSERT_TRUE(parsed) << code;
            ASSERT_EQ(parsed->code, code);
        } else {
            ASSERT_FALSE(parsed) << code;
            ASSERT_EQ(parsed.error(), kCloseProtocolError);
        }
        ASSERT_EQ(is_wire_close_code(static_cast<CloseCode>(code)), may_be_sent(code)) << code;
    }
}

TEST(WsClose, AnEmptyPayloadHasNoStatus) { EXPECT_EQ(parse_close_payload(""), ClosePayload{kCloseNoStatus}); }

TEST(WsClose, HalfACodeIsRefused) { EXPECT_EQ(parse_close_payload("\x03"), std::unexpected(kCloseProtocolError)); }

TEST(WsClose, AReasonMustBeUtf8) {
    EXPECT_EQ(parse_close_payload(payload_of(1000) + "gr\xC3\xBC\xC3\x9F"),
              (ClosePayload{kCloseNormal, "gr\xC3\xBC\xC3\x9F"}));
    EXPECT_EQ(parse_close_payload(payload_of(1000) + "gr\xC3"), std::unexpected(kCloseInvalidText));
    EXPECT_EQ(parse_close_payload(payload_of(999) + "gr\xC3"), std::unexpected(kCloseProtocolError));
}

TEST(WsClose, EncodesCodeAndReason) {
    EXPECT_EQ(encode_close_payload(kCloseTooSlow, "too slow"), "\x0F\xA8too slow");
    EXPECT_EQ(encode_close_payload(kCloseNormal), "\x03\xE8");
    EXPECT_EQ(encode_close_payload(kCloseNoStatus, "never sent"), "");
}

TEST(WsClose, TruncatesALongReasonBetweenCharacters) {
    EXPECT_EQ(encode_close_payload(kCloseNormal, std::string(123, 'a')).size(), 125u);
    EXPECT_EQ(encode_close_payload(kCloseNormal, std::string(124, 'a')).size(), 125u);

    const std::string earth = "\xF0\x9F\x8C\x8D";
    for (std::size_t filling = 116; filling <= 123; ++filling) {
        const std::string payload = encode_close_payload(kCloseNormal, std::string(filling, 'a') + earth + earth);
        EXPECT_LE(payload.size(), 125u);
        EXPECT_GT(payload.size(), 125u - earth.size());
        EXPECT_TRUE(is_valid_utf8(std::string_view(payload).substr(2))) << filling;
    }
}

TEST(WsClose, EveryCodeThatGlobesSendsHasANameAndMayBeSent) {
    for (const CloseCode code :
         {kCloseNormal, kCloseGoingAway, kCloseProtocolError, kCloseUnsupportedData, kCloseInvalidText,
          kClosePolicyViolation, kCloseMessageTooBig, kCloseInternalError, kCloseNoPong, kCloseTooSlow,
          kCloseTooManyMessages, kCloseAuthorizationEnded, kCloseReplaced, kCloseRoomDeleted}) {
        EXPECT_FALSE(close_code_name(code).empty()) << code;
        EXPECT_TRUE(is_wire_close_code(code)) << code;
    }
    EXPECT_EQ(close_code_name(3999), "");
}

}  // namespace
}  // namespace globes::net
