#include "roomlog/log_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace globes::roomlog {
namespace {

// A quiet room has a small block; the blocks of a busy room grow until they take many messages.
constexpr std::size_t kFirstBlockBytes = 512;
constexpr std::size_t kMaxBlockBytes = 64 << 10;

}  // namespace

Slice LogWriter::append(std::string_view frames) {
    if (block_size_ - used_ < frames.size()) open_block(frames.size());
    std::memcpy(block_.get() + used_, frames.data(), frames.size());
    const Slice appended{.block = block_, .offset = used_, .size = frames.size(), .begin = end_};
    used_ += frames.size();
    end_ += frames.size();
    return appended;
}

void LogWriter::release_block() {
    block_.reset();
    block_size_ = used_ = 0;
}

void LogWriter::open_block(std::size_t at_least) {
    const std::size_t size = std::max(at_least, std::clamp(block_size_ * 2, kFirstBlockBytes, kMaxBlockBytes));
    block_ = std::make_shared_for_overwrite<char[]>(size);  // first, because it may throw
    block_size_ = size;
    used_ = 0;
}

}  // namespace globes::roomlog
