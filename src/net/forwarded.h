// The client of a request that a trusted proxy passes on, by the headers X-Forwarded-For, X-Forwarded-Proto and
// Forwarded (RFC 7239; docs/configuration.md#trusted-proxies). A pure function. Thread: any.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "net/http_message.h"

namespace globes::net {

/// What the proxies state. A member is empty if they state nothing about it.
struct ForwardedClient {
    std::optional<IpAddress> address;
    std::optional<bool> is_secure;  ///< Whether the client speaks https.

    friend bool operator==(const ForwardedClient&, const ForwardedClient&) = default;
};

/// The most proxies between the client and the server. A longer list is not read further.
inline constexpr std::size_t kMaxForwardedHops = 32;

/// `peer`: the address of the proxy that has sent the request; it and `trusted` are trusted.
///
/// Each proxy appends the address of its own peer, so the list is read from its end, and only what a trusted proxy has
/// appended counts: the client is the first address that is not trusted, or the first of the list. An invalid element
/// ends the list; the client is the proxy behind it then, and `peer` if it is the last. What a client writes into these
/// headers is on the left of that, and does not matter.
///
/// `Forwarded` is only read if the request has no X-Forwarded-For. A proxy that sets X-Forwarded-For alone passes on
/// the client's own `Forwarded`.
ForwardedClient forwarded_client(const HttpRequest& request, const IpAddress& peer,
                                 const std::vector<IpRange>& trusted);

}  // namespace globes::net
