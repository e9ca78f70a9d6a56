// Decodes the bytes of a client into messages: the receiving side of RFC 6455, without I/O. Each WebSocket
// session owns a decoder and calls it on its I/O thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "net/ws_close.h"

namespace globes::net {

struct WsLimits {
    std::size_t message_bytes = 64 << 10;  ///< Payload of one message over all its fragments, inclusive; below 4 GiB.
};

/// What a decoder found, in the order of the wire. The views hold until the call returns. A call must neither feed nor
/// destroy the decoder.
class WsEvents {
public:
    /// A whole message, valid UTF-8. False stops the decoder: the connection is going away.
    virtual bool on_text(std::string_view message) = 0;
    /// At most 125 bytes, which a pong has to repeat. False as in on_text.
    virtual bool on_ping(std::string_view payload) = 0;
    /// At most 125 bytes. False as in on_text.
    virtual bool on_pong(std::string_view payload) = 0;
    /// The client's last frame, already checked: `code` is kCloseNoStatus where it had none, `reason` is valid UTF-8.
    virtual void on_close(CloseCode code, std::string_view reason) = 0;

protected:
    ~WsEvents() = default;
};

/// 1. A frame that lies whole in what is fed is handed out from there: no copy, no allocation.
/// 2. Between messages a decoder owns no memory beside itself, and itself it is two words.
/// 3. What it keeps of a partial message is at most twice what has arrived of it, whatever a header announces, and
/// never
///    more than the limit; beside that a fixed part below 256 bytes.
class WsDecoder {
public:
    explicit WsDecoder(WsLimits limits = {});
    ~WsDecoder();
    WsDecoder(const WsDecoder&) = delete;
    WsDecoder& operator=(const WsDecoder&) = delete;

    /// Consumes all of `bytes`, which are unmasked in place, and calls `events`.
    ///
    /// Returns the code to fail the connection with (1002, 1003, 1007 or 1009), or nullopt. Each rule is applied as
    /// soon as the bytes that break it are there: to a header before its payload, to text before its end. After a
    /// failure, an on_close or an event that returned false, whatever is fed is ignored.
    std::optional<CloseCode> consume(std::span<char> bytes, WsEvents& events);

    /// Memory in bytes held for a partial frame or message, 0 between messages.
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

    std::unique_ptr<Partial> partial_;  // Only while a frame or a message is partial.
    std::uint32_t message_limit_;       // Constant after construction.
    bool is_stopped_ = false;
};

}  // namespace globes::net
