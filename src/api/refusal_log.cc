#include "api/refusal_log.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "api/hosts.h"
#include "base/host.h"
#include "base/ip_address.h"
#include "base/logging.h"

namespace globes::api {
namespace {

/// What a proxy adds to a request; empty if it has none of these.
std::string_view proxy_header(const net::HttpRequest& request) {
    if (request.has_proxy_header) return "PROXY";
    constexpr std::array<std::string_view, 3> kHeaders{"x-forwarded-for", "forwarded", "x-real-ip"};
    const auto* const found =
        std::ranges::find_if(kHeaders, [&](std::string_view name) { return !request.header(name).empty(); });
    return found == kHeaders.end() ? std::string_view() : *found;
}

/// Whether the address is of this machine or of a private network, as that of a proxy before the server usually is.
bool is_near(const IpAddress& address) {
    static const std::vector<IpRange> near_ranges = [] {
        std::vector<IpRange> ranges;
        for (const char* const range : {"127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                        "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"})
            ranges.push_back(*IpRange::parse(range));
        return ranges;
    }();
    return contains(near_ranges, address);
}

}  // namespace

void RefusalLog::unknown_host(const net::HttpRequest& request) {
    const auto host = parse_host(host_text(request));
    if (host && hosts_.note(host->name, clock_.steady()))
        spdlog::warn(
            "event=unknown_host host={} reason=\"add it to Hosts in config.json if clients use this name; if a proxy "
            "passes it on, list the proxy in TrustedProxies\"",
            log_value(host->name));
}

void RefusalLog::unknown_origin(const net::HttpRequest& request) {
    const auto origin = parse_origin(request.header("origin"));
    if (!origins_.note(origin.value_or("none"), clock_.steady())) return;
    spdlog::warn(
        "event=unknown_origin origin={} peer={} reason=\"add it to AllowedOrigins in config.json if its pages may use "
        "this server; if it is the server's own behind a proxy, list the proxy in TrustedProxies\"",
        origin ? log_value(*origin) : "none", log_value(request.client.text()));
}

void RefusalLog::untrusted_proxy(const net::HttpRequest& request) {
    // A client behind a trusted proxy that passes on what its clients write.
    if (request.shares_connection || request.client.is_stated()) return;
    const std::string_view header = proxy_header(request);
    if (header.empty() || !is_near(request.client.address())) return;
    if (!proxies_.note(request.client.text(), clock_.steady())) return;
    spdlog::warn(
        "event=proxy_not_trusted peer={} header={} reason=\"if this is your proxy, add its address to TrustedProxies "
        "in "
        "config.json; without that all its clients count as this address{}\"",
        log_value(request.client.text()), header, request.client.is_exempt() ? ", which is exempt from limits" : "");
}

void RefusalLog::limit(const net::ClientAddress& client, std::string_view limit) {
    if (limits_.note(fmt::format("{} {}", client.range().text(), limit), clock_.steady()))
        spdlog::warn("event=limit peer={} limit={}", log_value(client.text()), limit);
}

}  // namespace globes::api
