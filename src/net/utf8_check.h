// Checks UTF-8 that arrives in pieces, so that a text message fails at the first bad byte and not at its end.
#pragma once

#include <cstdint>
#include <string_view>

namespace globes::net {

/// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. A value of three bytes; start
/// each text with a new one.
class Utf8Check {
public:
    /// False if no text can start with what was fed so far. Not to be fed again after that.
    [[nodiscard]] bool consume(std::string_view bytes);

    /// True where what was fed ends between two characters.
    bool is_complete() const { return missing_ == 0; }

private:
    bool begin_character(std::uint8_t byte);

    std::uint8_t missing_ = 0;  // Continuation bytes that the current character still needs.
    std::uint8_t lowest_ = 0;   // The next of them must lie in lowest_..highest_.
    std::uint8_t highest_ = 0;
};

}  // namespace globes::net
