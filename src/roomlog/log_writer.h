// The writing end of a room's log. Owned by the room, core thread only. Readers get slices and never come back here:
// the bytes of a slice are written before it is handed over and never again, so threads share them without a lock.
#pragma once

#include <memory>
#include <string_view>

#include "roomlog/slice.h"

namespace globes::roomlog {

class LogWriter {
public:
    /// Appends complete frames, server to client, unmasked (RFC 6455, 5.2), and returns where they stand. The bytes lie
    /// in a block that following frames share, so that a reader takes many of them with one send.
    Slice append(std::string_view frames);

    /// Where the next frame will begin.
    Position end() const { return end_; }

    /// Begins a small block with the next frame. Slices keep the old one.
    void release_block();

private:
    void open_block(std::size_t at_least);

    std::shared_ptr<char[]> block_;
    std::size_t block_size_ = 0;  // bytes
    std::size_t used_ = 0;        // bytes of the block
    Position end_ = 0;
};

}  // namespace globes::roomlog
