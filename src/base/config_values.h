// Values that config.json and .env have in common: errors for the operator, addresses, suggestions for unknown keys.
// Pure functions, without DNS lookups. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace globes {

/// `what()` names the file (or flag) and the key, and never shows the value of a secret: `config.json: Address: must be
/// …`.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An address to listen on. `host` is a name or an address without brackets; port 0 lets the system choose one.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// Decimal digits only, 0..65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

/// `127.0.0.1:5000`, `localhost:5000`, `[::1]:5000`, or `:5000`, which is `0.0.0.0:5000`. The port is required.
std::optional<HostPort> parse_host_port(std::string_view text);

/// The most likely intended key of `known`: `key` is another program's name for it, or has nearly the same letters,
/// ignoring case, `_` and `-`. Empty if none is similar.
std::optional<std::string_view> meant_key(std::string_view key, std::span<const std::string_view> known);

}  // namespace globes
