#include "roomlog/slice.h"

#include <cstring>

namespace globes::roomlog {

Slice make_slice(std::string_view frames) {
    auto block = std::make_shared_for_overwrite<char[]>(frames.size());
    std::memcpy(block.get(), frames.data(), frames.size());
    return {.block = std::move(block), .offset = 0, .size = frames.size(), .begin = 0};
}

}  // namespace globes::roomlog
