#include "net/ws_close.h"

#include <cassert>

#include "base/big_endian.h"
#include "base/text.h"

namespace globes::net {
namespace {

constexpr std::size_t kCodeBytes = 2;

std::string_view cut_at_character(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return text;
    const auto is_continuation = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
    std::size_t end = max_bytes;
    while (end > 0 && is_continuation(end)) --end;
    return text.substr(0, end);
}

}  // namespace

std::string_view close_code_name(CloseCode code) {
    switch (code) {
        case kCloseNormal:
            return "normal";
        case kCloseGoingAway:
            return "going away";
        case kCloseProtocolError:
            return "protocol error";
        case kCloseUnsupportedData:
            return "unsupported data";
        case kCloseNoStatus:
            return "no status";
        case kCloseAbnormal:
            return "abnormal";
        case kCloseInvalidText:
            return "invalid text";
        case kClosePolicyViolation:
            return "policy violation";
        case kCloseMessageTooBig:
            return "message too big";
        case kCloseTryAgainLater:
            return "try again later";
        case kCloseInternalError:
            return "internal error";
        case kCloseNoPong:
            return "no pong";
        case kCloseTooSlow:
            return "too slow";
        case kCloseTooManyMessages:
            return "too many messages";
        case kCloseAuthorizationEnded:
            return "authorization ended";
        case kCloseReplaced:
            return "replaced by another connection";
        case kCloseRoomDeleted:
            return "room deleted";
        default:
            return {};
    }
}

bool is_wire_close_code(CloseCode code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::string encode_close_payload(CloseCode code, std::string_view reason) {
    if (code == kCloseNoStatus) return {};
    assert(is_wire_close_code(code));
    assert(is_valid_utf8(reason));
    std::string payload;
    append_big_endian(payload, code, kCodeBytes);
    payload.append(cut_at_character(reason, kMaxCloseReasonBytes));
    return payload;
}

std::expected<ClosePayload, CloseCode> parse_close_payload(std::string_view payload) {
    if (payload.empty()) return ClosePayload{};
    if (payload.size() < kCodeBytes) return std::unexpected(kCloseProtocolError);
    const auto code = static_cast<CloseCode>(read_big_endian(payload.substr(0, kCodeBytes)));
    if (!is_wire_close_code(code)) return std::unexpected(kCloseProtocolError);
    const std::string_view reason = payload.substr(kCodeBytes);
    if (!is_valid_utf8(reason)) return std::unexpected(kCloseInvalidText);
    return ClosePayload{code, reason};
}

}  // namespace globes::net
