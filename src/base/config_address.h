// Parsers of addresses in the configuration. Pure functions, any thread; no DNS lookups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace globes {

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

/// An origin as browsers send it (RFC 6454, 6.2): `scheme://host[:port]`, in lower case and without the port that the
/// scheme implies, so that it compares byte for byte. Empty if `text` has a path, a user, a wildcard or spaces.
std::optional<std::string> parse_origin(std::string_view text);

}  // namespace globes
