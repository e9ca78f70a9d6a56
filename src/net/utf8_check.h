// Checks UTF-8 that arrives in pieces, so that a text message fails at its first invalid byte and not at its end.
#pragma once

#include <cstdint>
#include <string_view>

namespace globes::net {

/// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. A value of three bytes. Each text
/// needs a new one.
class Utf8Check {
public:
    /// Checks the next bytes. Returns false if no valid text starts with the bytes so far;
    /// afterwards it MUST NOT be called again.
    [[nodiscard]] bool consume(std::string_view bytes);

    /// Returns whether the bytes so far end at a character boundary.
    bool is_complete() const { return missing_ == 0; }

private:
    bool begin_character(std::uint8_t byte);

    std::uint8_t missing_ = 0;  // Continuation bytes that the current character still needs.
    std::uint8_t lowest_ = 0;   // The next of them must lie in lowest_..highest_.
    std::uint8_t highest_ = 0;
};

}  // namespace globes::net
