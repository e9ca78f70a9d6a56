// Close codes of WebSockets, from RFC 6455 (7.4) and of Globes (docs/protocol.md#close-codes), and the payload of close
// frames. Stateless. Thread: any.
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
// 4500..4599: the client does not reconnect.
inline constexpr CloseCode kCloseAuthorizationEnded = 4501;
inline constexpr CloseCode kCloseReplaced = 4502;  ///< By another connection of the same client.
inline constexpr CloseCode kCloseRoomDeleted = 4504;

/// The longest reason of a close frame: a control frame has at most 125 bytes of payload (RFC 6455, 5.5).
inline constexpr std::size_t kMaxCloseReasonBytes = 123;

/// Returns a short text for logs and for the reason in a close frame; empty for an unknown code.
std::string_view close_code_name(CloseCode code);

/// Returns whether a close frame may have this code: registered codes that are not reserved for local use (1000..1003,
/// 1007..1014), codes of libraries (3000..3999) and of applications (4000..4999).
bool is_wire_close_code(CloseCode code);

struct ClosePayload {
    CloseCode code = kCloseNoStatus;
    std::string_view reason = {};

    friend bool operator==(const ClosePayload&, const ClosePayload&) = default;
};

/// Returns the payload of a close frame; empty for kCloseNoStatus. Every other `code` MUST be a wire close code.
/// `reason` MUST be UTF-8; it is truncated at a character boundary to at most kMaxCloseReasonBytes.
std::string encode_close_payload(CloseCode code, std::string_view reason = {});

/// Parses the payload of a client's close frame. The reason is a view of `payload`. Errors, as the code to close with:
/// kCloseProtocolError for a payload of one byte or a code that MUST NOT be sent; kCloseInvalidText for a reason that
/// is not UTF-8.
std::expected<ClosePayload, CloseCode> parse_close_payload(std::string_view payload);

}  // namespace globes::net
