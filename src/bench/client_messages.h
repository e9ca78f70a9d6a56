// What a client of a benchmark sends and receives: frames (RFC 6455), the lines of Centrifugo's protocol, and the mark
// at the start of every message. Values and plain functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace globes::bench {

/// The text at the start of every message, which is found again in any frame of a server: `#bench <sender> <n> <send
/// time>`. The widths are fixed, so a delivery costs one search and no JSON parser.
struct Mark {
    std::uint32_t sender = 0;  ///< Counted over all rooms: room * senders + index among the room's senders.
    std::uint32_t n = 0;       ///< 1, 2, 3 … for each sender.
    std::int64_t sent_ns = 0;  ///< Monotonic; in open loop the time when the message was due.

    friend bool operator==(const Mark&, const Mark&) = default;
};

constexpr std::string_view kMarker = "#bench ";
constexpr std::size_t kSenderDigits = 8;
constexpr std::size_t kCountDigits = 10;
constexpr std::size_t kTimeDigits = 19;
constexpr std::size_t kMarkBytes = kMarker.size() + kSenderDigits + 1 + kCountDigits + 1 + kTimeDigits;

/// Writes `kMarkBytes` characters.
void write_mark(char* out, const Mark& mark);

/// `hint`: the position of the last mark, which is tried first and updated. Empty if `text` has no complete mark.
std::optional<Mark> find_mark(std::string_view text, std::size_t& hint);

/// Centrifugo's JSON protocol has several objects in a frame, one on each line.
enum class CentrifugeMessage : std::uint8_t { push, subscribed, ping, error, other };

/// The kind of one line of a frame.
CentrifugeMessage classify_centrifuge(std::string_view line);

/// The first frame of a connection: connects and subscribes.
std::string centrifuge_greeting(std::string_view channel);
/// The text before and after the data of a message.
std::string centrifuge_publish_head(std::string_view channel);
constexpr std::string_view kCentrifugePublishTail = "}}";
constexpr std::string_view kCentrifugePong = "{}";

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
