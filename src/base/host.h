// Host names, as the header Host and URLs have them, and the origins of web pages (RFC 6454), in the forms in which
// they are compared. Pure functions, without DNS lookups. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace globes {

struct HostName {
    /// In lower case and without the dot that ends an absolute name. An IPv6 address is in brackets and in the notation
    /// of RFC 5952, an internationalized name in its ASCII form (`xn--…`, UTS 46). At most 253 bytes.
    std::string name;
    std::optional<std::uint16_t> port;  ///< Absent if the text has none; never 0.

    friend bool operator==(const HostName&, const HostName&) = default;
};

/// `example.org`, `Example.org.:8080`, `127.0.0.1`, `[::1]:5000`. Empty for any other text: with a user, a path, a
/// wildcard, blanks, percent-encoding or an IPv6 zone. `text` may be any bytes.
std::optional<HostName> parse_host(std::string_view text);

/// An origin as browsers send it (RFC 6454, 6.2): `scheme://host[:port]`, in lower case and without the port that the
/// scheme implies, so that it compares byte for byte. The host has the form of HostName, but keeps a final dot, because
/// for browsers that is another origin. Empty if `text` has anything else, or no scheme, such as `null`.
std::optional<std::string> parse_origin(std::string_view text);

}  // namespace globes
