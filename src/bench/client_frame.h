// The client's side of RFC 6455 framing: masked frames out, complete server frames in. The client never fragments, and
// reports a server that does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace globes::bench {

constexpr std::uint8_t kText = 1;
constexpr std::uint8_t kClose = 8;
constexpr std::uint8_t kPing = 9;
constexpr std::uint8_t kPong = 10;

/// Appends one final masked frame.
void append_client_frame(std::string& out, std::uint8_t opcode, std::string_view payload);

struct ServerFrame {
    std::uint8_t opcode = 0;
    bool is_valid = true;  ///< False if it is masked, fragmented or uses reserved bits.
    std::string_view payload;
    std::size_t size = 0;  ///< Of the whole frame, in bytes.
};

/// The frame at the start of `bytes`; empty while it is incomplete.
std::optional<ServerFrame> read_server_frame(std::string_view bytes);

/// The `send` events of one sender, each with an id as clients create them. The JSON around the mark, the padding and
/// the id is created once.
class SendEvent {
public:
    /// `text_bytes`: length of `msg`, at least kMarkBytes.
    SendEvent(std::uint32_t sender, std::string_view name, std::size_t text_bytes)
        : SendEvent(sender, name, text_bytes, {}, {}) {}
    /// With `head` and `tail` around the event.
    SendEvent(std::uint32_t sender, std::string_view name, std::size_t text_bytes, std::string_view head,
              std::string_view tail);

    /// Appends the masked frame of the sender's `n`-th message.
    void append(std::string& out, std::uint32_t n, std::int64_t sent_ns);

private:
    std::uint32_t sender_;
    std::string json_;
    std::size_t mark_at_;
    std::size_t id_at_;
};

/// The id of a sender's `n`-th message: unique, and distributed like random ids.
std::string message_id(std::uint32_t sender, std::uint32_t n);

}  // namespace globes::bench
