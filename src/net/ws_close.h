// Why a WebSocket is closed: the codes of RFC 6455 (7.4) and Globes' own (docs/protocol.md#close-codes), and the
// payload of close frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace globes::net {

using CloseCode = std::uint16_t;

inline constexpr CloseCode kCloseNormal = 1000;
inline constexpr CloseCode kCloseGoingAway = 1001;
inline constexpr CloseCode kCloseProtocolError = 1002;
inline constexpr CloseCode kCloseUnsupportedData = 1003;
inline constexpr CloseCode kCloseNoStatus = 1005;  ///< A close frame without a code; never on the wire.
inline constexpr CloseCode kCloseAbnormal = 1006;  ///< The connection ended without a close frame; never on the wire.
inline constexpr CloseCode kCloseInvalidText = 1007;
inline constexpr CloseCode kClosePolicyViolation = 1008;
inline constexpr CloseCode kCloseMessageTooBig = 1009;
inline constexpr CloseCode kCloseInternalError = 1011;
inline constexpr CloseCode kCloseTryAgainLater = 1013;

inline constexpr CloseCode kCloseNoPong = 4001;
inline constexpr CloseCode kCloseTooSlow = 4008;
inline constexpr CloseCode kCloseTooManyMessages = 4009;  ///< Reconnect after a pause.
// 4500..4599: do not come back.
inline constexpr CloseCode kCloseAuthorizationEnded = 4501;
inline constexpr CloseCode kCloseReplaced = 4502;  ///< By another connection of the same person.
inline constexpr CloseCode kCloseRoomDeleted = 4504;

/// What a close frame's reason may be at most, so that the frame stays a valid control frame.
inline constexpr std::size_t kMaxCloseReasonBytes = 123;

/// A few plain words for logs and as a reason on the wire; empty for a code that has no name here.
std::string_view close_code_name(CloseCode code);

/// True for the codes that an endpoint may put into a close frame: the registered ones that are not reserved for local
/// use (1000..1003, 1007..1014), those of libraries (3000..3999) and of applications (4000..4999).
bool is_wire_close_code(CloseCode code);

struct ClosePayload {
    CloseCode code = kCloseNoStatus;
    std::string_view reason = {};

    friend bool operator==(const ClosePayload&, const ClosePayload&) = default;
};

/// The payload of a close frame; empty for kCloseNoStatus. Any other `code` must be a wire close code. `reason` must be
/// UTF-8; what is beyond kMaxCloseReasonBytes is cut off before the character that does not fit.
std::string encode_close_payload(CloseCode code, std::string_view reason = {});

/// Reads the payload of a client's close frame; the reason views it. The error is the code to fail the connection with:
/// kCloseProtocolError for half a code or one that must not be sent, kCloseInvalidText for a reason that is not UTF-8.
std::expected<ClosePayload, CloseCode> parse_close_payload(std::string_view payload);

}  // namespace globes::net
