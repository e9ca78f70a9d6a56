// The text that globes-bench writes at the start of every message, and finds again in any frame of a server: `#bench
// <sender> <n> <send time>`, with fixed widths, so that a delivery costs one search and no JSON parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace globes::bench {

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

}  // namespace globes::bench
