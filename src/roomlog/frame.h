// The wire format of the server's frames: final, unmasked (RFC 6455, 5.2). The room log contains only such frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace globes::roomlog {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Appends one complete frame to `out`.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);

/// Size in bytes of the complete frame at the start of `bytes`, 0 if its header is incomplete. For frames made by
/// `append_frame`.
std::size_t frame_size(std::string_view bytes);

}  // namespace globes::roomlog
