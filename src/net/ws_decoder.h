// Decodes the bytes of a client into messages: the receiving side of RFC 6455, a state machine without I/O. Each
// session owns a decoder and calls it on its I/O thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/text.h"
#include "net/ws_close.h"

namespace globes::net {

using MaskKey = std::array<char, 4>;

/// Unmasks `bytes` in place, with `key[0]` for the first byte. Any length, any alignment.
void unmask(std::span<char> bytes, MaskKey key);

/// Returns the key rotated by `count` bytes, for the rest of a payload that arrives in pieces.
MaskKey advance_key(MaskKey key, std::size_t count);

struct WsLimits {
    std::size_t message_bytes = 64 << 10;  ///< The longest message, all its fragments together; below 4 GiB.
};

/// Receives the events of a decoder, in the order of the wire. Views are valid during the call. A call MUST NOT call
/// `consume` or destroy the decoder.
class WsEvents {
public:
    /// A complete message in valid UTF-8. Returns false to stop the decoder.
    virtual bool on_text(std::string_view message) = 0;
    /// `payload`: at most 125 bytes, to be repeated in the pong. Returns false to stop the decoder.
    virtual bool on_ping(std::string_view payload) = 0;
    /// `payload`: at most 125 bytes. Returns false to stop the decoder.
    virtual bool on_pong(std::string_view payload) = 0;
    /// A frame that is not the last one of its message; it may be empty. Returns false to stop the decoder.
    virtual bool on_fragment() = 0;
    /// The client's last frame, validated: `code` is kCloseNoStatus if the frame has none, `reason` is valid UTF-8.
    virtual void on_close(CloseCode code, std::string_view reason) = 0;

protected:
    ~WsEvents() = default;
};

/// Guarantees:
///
/// 1. A frame that is complete in one call of `consume` is not copied and needs no allocation.
/// 2. Between messages a decoder allocates nothing. Its own size is two words.
/// 3. For a partial message it holds at most twice the bytes that have arrived, whatever length a header announces,
///    at most the limit, and a constant overhead below 256 bytes.
class WsDecoder {
public:
    explicit WsDecoder(WsLimits limits = {});
    ~WsDecoder();
    WsDecoder(const WsDecoder&) = delete;
    WsDecoder& operator=(const WsDecoder&) = delete;

    /// Consumes all of `bytes`, unmasks them in place, and calls `events`.
    ///
    /// Returns the code to close the connection with (1002, 1003, 1007 or 1009), or nullopt. Each rule is checked as
    /// soon as its bytes have arrived: headers before their payload, text before its end. After an error, after
    /// `on_close` and after an event that returned false, the decoder ignores all bytes.
    std::optional<CloseCode> consume(std::span<char> bytes, WsEvents& events);

    /// The memory that is allocated for a partial frame or message, in bytes; 0 between messages.
    std::size_t buffered_bytes() const;

private:
    struct Head;
    struct Partial;

    std::optional<CloseCode> take_frame(std::span<char>& bytes, WsEvents& events);
    std::optional<CloseCode> take_split_start(std::span<char>& bytes, WsEvents& events);
    std::optional<CloseCode> take_control(const Head& head, std::span<char> payload, WsEvents& events);
    std::optional<CloseCode> begin_text(const Head& head, std::span<char>& bytes, WsEvents& events);
    std::optional<CloseCode> take_text(std::span<char>& bytes, WsEvents& events);
    Partial& partial();
    void stop();

    std::unique_ptr<Partial> partial_;  // Null unless a frame or a message is partial.
    std::uint32_t message_limit_;       // Constant after construction.
    bool is_stopped_ = false;
};

}  // namespace globes::net
