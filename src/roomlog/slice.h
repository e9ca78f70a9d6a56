// A run of whole frames in a room log: immutable memory, shared by all connections that may still send it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace globes::roomlog {

/// A position in a room log: bytes since this process opened the log.
using Position = std::uint64_t;

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

}  // namespace globes::roomlog
