#include "base/random.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cassert>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace globes {

void fill_random(std::span<std::byte> bytes) {
    assert(bytes.size() <= kMaxRandomBytes);
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw std::runtime_error("the system provides no random bytes");
}

std::string random_hex(std::size_t bytes) {
    std::vector<std::byte> random(bytes);
    fill_random(random);
    std::string hex;
    hex.reserve(2 * bytes);
    for (const std::byte byte : random)
        fmt::format_to(std::back_inserter(hex), "{:02x}", std::to_integer<unsigned>(byte));
    return hex;
}

SystemRandom::result_type SystemRandom::operator()() const {
    result_type number = 0;
    fill_random(std::as_writable_bytes(std::span(&number, 1)));
    return number;
}

}  // namespace globes
