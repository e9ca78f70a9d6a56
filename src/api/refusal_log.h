// Log lines about refusals that the line of a request does not explain, or that have none, and about a proxy that is
// not trusted: each seldom, so that clients cannot flood the log. Owned by the server. Thread: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "base/clock.h"
#include "base/log_once.h"
#include "net/address_limits.h"
#include "net/http_message.h"

namespace globes::api {

class RefusalLog {
public:
    explicit RefusalLog(const Clock& clock) : clock_(clock) {}

    /// The Host of the request is not the server's.
    void unknown_host(const net::HttpRequest& request);
    /// The page that has sent the request may not use the server.
    void unknown_origin(const net::HttpRequest& request);
    /// Does nothing unless the request seems to come from a proxy on this machine or in its network that is not one of
    /// `TrustedProxies`: then its clients share one address, and on loopback have no limits.
    void untrusted_proxy(const net::HttpRequest& request);
    /// What the client has done exceeds a limit, and no line of a request says so. `limit`: a name, a literal.
    void limit(const net::ClientAddress& client, std::string_view limit);

    static constexpr std::chrono::minutes kInterval{10};
    static constexpr std::size_t kNames = 16;  ///< Of each kind, in that time.
    static constexpr std::chrono::minutes kLimitInterval{1};
    static constexpr std::size_t kLimits = 1024;  ///< Pairs of address and limit, in that time.

private:
    const Clock& clock_;
    LogOnce hosts_{kInterval, kNames};
    LogOnce origins_{kInterval, kNames};
    LogOnce proxies_{kInterval, kNames};
    LogOnce limits_{kLimitInterval, kLimits};
};

}  // namespace globes::api
