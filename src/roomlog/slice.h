// A run of whole frames in a room's log: shared, immutable, counted by whoever may still send it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace globes::roomlog {

/// A place in a room's log: bytes since the log was opened by this process.
using Position = std::uint64_t;

struct Slice {
    std::shared_ptr<const char[]> block;  ///< Keeps the bytes alive.
    std::size_t offset = 0;               ///< Bytes into the block.
    std::size_t size = 0;
    Position begin = 0;

    Position end() const { return begin + size; }
    std::string_view bytes() const { return {block.get() + offset, size}; }
};

/// A slice of its own, in no log: for the frames that go to one connection alone.
Slice make_slice(std::string_view frames);

}  // namespace globes::roomlog
