// The bytes of a room log: WebSocket frames, and slices of them that all connections share. Values and plain functions;
// the shared bytes never change, so any thread may read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace globes::roomlog {

/// A position in a room log: bytes since this process opened the log.
using Position = std::uint64_t;

/// A run of whole frames: immutable memory, shared by all connections that may still send it.
struct Slice {
    std::shared_ptr<const char[]> block;  ///< Keeps the bytes alive.
    std::size_t offset = 0;               ///< Offset in the block, in bytes.
    std::size_t size = 0;
    Position begin = 0;

    Position end() const { return begin + size; }
    std::string_view bytes() const { return {block.get() + offset, size}; }
};

/// A slice outside of any log: for frames to one connection.
Slice make_slice(std::string_view frames);

/// The frames of the log are final and unmasked (RFC 6455, 5.2).
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Appends one complete frame to `out`.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);

/// Size in bytes of the complete frame at the start of `bytes`, 0 if its header is incomplete. For frames made by
/// `append_frame`.
std::size_t frame_size(std::string_view bytes);

}  // namespace globes::roomlog
