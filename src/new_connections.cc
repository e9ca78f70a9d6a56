#include "new_connections.h"

#include <algorithm>
#include <utility>

namespace globes {
namespace {

// Of all connections, for health checks and exempt addresses. At most so many, and at most this part of a small limit.
constexpr std::size_t kKeptBackConnections = 64;
constexpr std::size_t kKeptBackPart = 16;

/// Counts a connection until it is counted by its I/O thread.
class Adopting {
public:
    explicit Adopting(std::atomic<std::size_t>& count) : count_(&count) { count.fetch_add(1); }
    Adopting(Adopting&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Adopting& operator=(Adopting&&) = delete;
    ~Adopting() {
        if (count_ != nullptr) count_->fetch_sub(1);
    }

private:
    std::atomic<std::size_t>* count_;
};

}  // namespace

NewConnections::NewConnections(const std::vector<std::unique_ptr<IoUnit>>& io_units, net::AddressLimits& address_limits,
                               const Clock& clock, const std::vector<IpRange>& trusted_proxies,
                               api::RefusalLog& refusal_log, std::size_t most)
    : io_units_(io_units),
      address_limits_(address_limits),
      clock_(clock),
      trusted_proxies_(trusted_proxies),
      refusal_log_(refusal_log),
      most_(most) {}

void NewConnections::adopt(IoUnit& unit, FileDescriptor socket, const IpAddress& peer, net::HttpPort port) {
    net::ClientAddress client = address_limits_.find(peer, clock_.steady());
    const bool is_proxy = contains(trusted_proxies_, peer);
    const auto admission = admit(client, is_proxy);
    if (!admission) return refusal_log_.limit(client, "max_connections");
    unit.io.post([&unit, proxy = is_proxy ? std::optional(peer) : std::nullopt, socket = std::move(socket),
                  client = std::move(client), admission = *admission, port, adopting = Adopting(adopting_)]() mutable {
        if (proxy)
            unit.http->adopt_proxy(std::move(socket), *proxy, client, admission, port);
        else
            unit.http->adopt(std::move(socket), client, admission, port);
        unit.count_connections();  // before `adopting` ends
    });
}

/// What a connection of this client may do; nothing if it is closed at once. The last half of the connections that are
/// kept back is for exempt addresses alone, so that health checks of strangers do not stop those of the operator. A
/// proxy, which may pass on anyone, has them for probes only.
std::optional<net::Admission> NewConnections::admit(const net::ClientAddress& client, bool is_proxy) const {
    const std::size_t part = (most_ + kKeptBackPart - 1) / kKeptBackPart;
    const std::size_t kept_back = std::min({kKeptBackConnections, part, most_ - 1});
    const std::size_t open = this->open();
    if (open < most_ - kept_back) return net::Admission::full;
    if (client.is_exempt()) return is_proxy ? net::Admission::probe : net::Admission::full;
    if (open < most_ - kept_back / 2) return net::Admission::probe;
    return std::nullopt;
}

std::size_t NewConnections::open() const {
    std::size_t sum = adopting_.load();
    for (const auto& unit : io_units_) sum += unit->http_connections.value() + unit->ws_connections.value();
    return sum;
}

}  // namespace globes
