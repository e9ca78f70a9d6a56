// The header of the PROXY protocol, versions 1 and 2, with which a proxy states the client of a connection before the
// connection's first other byte. A pure function. Thread: any.
// Source: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip_address.h"

namespace globes::net {

inline constexpr std::size_t kMaxProxyHeaderV1 = 107;        ///< Bytes, with the line end.
inline constexpr std::size_t kMaxProxyHeaderV2 = 16 + 4096;  ///< Bytes, with the fixed part.

struct ProxyHeader {
    enum class Kind : std::uint8_t {
        none,      ///< The connection begins with other bytes.
        partial,   ///< More bytes are needed to decide.
        complete,  ///< A header.
        invalid,   ///< A header that cannot be read.
    };
    Kind kind = Kind::none;
    /// Of a complete header, its size in bytes. Of a partial one, how many bytes have to be there before more can be
    /// said: more than there are.
    std::size_t bytes = 0;

    // Of a complete header:
    std::optional<IpAddress> client = std::nullopt;  ///< Empty if the proxy speaks for itself or does not know it.
    bool is_secure = false;                          ///< The client speaks TLS with the proxy.

    friend bool operator==(const ProxyHeader&, const ProxyHeader&) = default;
};

/// `begin`: all bytes of the connection so far. With more bytes, the result changes only if it is `partial`.
ProxyHeader parse_proxy_header(std::string_view begin);

}  // namespace globes::net
