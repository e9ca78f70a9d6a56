// Takes the accepted connections: counts them against `MaxConnections`, decides what each may do, and passes it on to
// its I/O thread. Owned by the server. Any thread calls it; the listeners do on the first I/O thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "api/refusal_log.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/ip_address.h"
#include "io_unit.h"
#include "net/address_limits.h"
#include "net/http_session.h"

namespace globes {

class NewConnections {
public:
    /// `most`: of all connections together. The units are those of the server; they may be made later, but end before
    /// this object does, because they hold connections that it counts.
    NewConnections(const std::vector<std::unique_ptr<IoUnit>>& io_units, net::AddressLimits& address_limits,
                   const Clock& clock, const std::vector<IpRange>& trusted_proxies, api::RefusalLog& refusal_log,
                   std::size_t most);

    bool have_room() const { return open() < most_; }
    /// Connections of all I/O threads as of their last loop iteration, and those that are on the way there.
    std::size_t open() const;
    /// Passes the connection on to `unit`, or closes it.
    void adopt(IoUnit& unit, FileDescriptor socket, const IpAddress& peer, net::HttpPort port);

private:
    std::optional<net::Admission> admit(const net::ClientAddress& client, bool is_proxy) const;

    const std::vector<std::unique_ptr<IoUnit>>& io_units_;
    net::AddressLimits& address_limits_;
    const Clock& clock_;
    const std::vector<IpRange>& trusted_proxies_;
    api::RefusalLog& refusal_log_;
    const std::size_t most_;
    std::atomic<std::size_t> adopting_ = 0;  // on the way to their I/O thread
};

}  // namespace globes
