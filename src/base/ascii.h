// Case-insensitive comparison of ASCII text (header values, schemes, hosts). Any thread.
#pragma once

#include <algorithm>
#include <string_view>

namespace globes {

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

}  // namespace globes
