#include "roomlog/slice.h"

#include <cstring>

#include "base/big_endian.h"

namespace globes::roomlog {

Slice make_slice(std::string_view frames) {
    auto block = std::make_shared_for_overwrite<char[]>(frames.size());
    std::memcpy(block.get(), frames.data(), frames.size());
    return {.block = std::move(block), .offset = 0, .size = frames.size(), .begin = 0};
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
    out.push_back(static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode)));
    const std::size_t size = payload.size();
    const int extended_bytes = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
    out.push_back(static_cast<char>(extended_bytes == 0 ? size : extended_bytes == 2 ? 126 : 127));
    append_big_endian(out, size, extended_bytes);
    out.append(payload);
}

std::size_t frame_size(std::string_view bytes) {
    if (bytes.size() < 2) return 0;
    const std::size_t length = static_cast<unsigned char>(bytes[1]);
    if (length < 126) return 2 + length;
    const std::size_t extended_bytes = length == 126 ? 2 : 8;
    if (bytes.size() < 2 + extended_bytes) return 0;
    return 2 + extended_bytes + read_big_endian(bytes.substr(2, extended_bytes));
}

}  // namespace globes::roomlog
