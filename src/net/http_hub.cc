#include "net/http_hub.h"

#include <spdlog/spdlog.h>

#include <cassert>
#include <utility>
#include <vector>

#include "base/logging.h"

namespace globes::net {

HttpHub::HttpHub(boost::asio::io_context& io, TimerWheel& wheel, std::span<char> read_buffer, const Clock& clock,
                 AddressLimits& limits, HttpSettings settings, HttpHandler handler)
    : context_{.io = io,
               .wheel = wheel,
               .read_buffer = read_buffer,
               .clock = clock,
               .limits = limits,
               .settings = std::move(settings),
               .handler = std::move(handler),
               .ready = std::make_shared<ReadySessions>(io)},
      proxy_context_{.io = io,
                     .wheel = wheel,
                     .buffer = read_buffer,
                     .idle_timeout = context_.settings.idle_timeout,
                     .read_timeout = context_.settings.read_timeout} {}

HttpHub::~HttpHub() {
    while (!context_.sessions.empty()) (*context_.sessions.begin())->close();
    for (const auto& reader : proxy_headers_) reader->close();
}

void HttpHub::adopt(FileDescriptor socket, const ClientAddress& client, Admission admission, HttpPort port) {
    if (context_.is_stopping) return;
    admit(std::move(socket), {.client = client, .admission = admission, .port = port});
}

StreamSocket HttpHub::open(FileDescriptor socket, HttpPort port) const {
    return port == HttpPort::main && context_.settings.open ? context_.settings.open(std::move(socket))
                                                            : std::move(socket);
}

/// Opens a connection that counts as one of its client.
void HttpHub::admit(FileDescriptor socket, HttpPeer peer) {
    const ClientAddress& client = peer.client;
    // Too many in a short time: not even an answer.
    if (client.take(AddressLimit::connections, context_.clock.steady())) {
        return drop(client, address_limit_name(AddressLimit::connections));
    }
    auto connection = context_.limits.open_connection(client);
    const bool is_admitted = connection.has_value();
    // Those beyond the limit count too: a handshake costs memory, and each of them is one of `MaxConnections`.
    if (!is_admitted) connection = context_.limits.turn_away(client);
    if (!connection) return drop(client, kOpenConnections);
    peer.connection = *std::move(connection);
    const auto session = std::make_shared<HttpSession>(context_, open(std::move(socket), peer.port), std::move(peer));
    context_.sessions.insert(session);
    is_admitted ? session->start() : session->turn_away();
}

/// The socket closes with the caller.
void HttpHub::drop(const ClientAddress& client, std::string_view limit) const {
    if (context_.settings.on_dropped) context_.settings.on_dropped(client, limit);
}

// --- connections of proxies ------------------------------------------------------------------------------------------

void HttpHub::adopt_proxy(FileDescriptor socket, const IpAddress& proxy, const ClientAddress& client,
                          Admission admission, HttpPort port) {
    if (context_.is_stopping) return;
    const auto reader = std::make_shared<ProxyHeaderReader>(
        proxy_context_, std::move(socket),
        [this, proxy, client, admission, port](const std::shared_ptr<ProxyHeaderReader>& done, FileDescriptor opened,
                                               const ProxyHeader& header) {
            proxy_headers_.erase(done);
            if (!opened.is_open()) return;
            HttpPeer peer{.client = client, .admission = admission, .port = port, .proxy = proxy};
            on_proxy_header(std::move(opened), std::move(peer), header);
        });
    proxy_headers_.insert(reader);
    reader->start();
}

void HttpHub::on_proxy_header(FileDescriptor socket, HttpPeer proxy, const ProxyHeader& header) {
    HttpPeer peer = std::move(proxy);
    if (header.kind == ProxyHeader::Kind::invalid) return log_invalid_header(peer.client);
    if (header.kind == ProxyHeader::Kind::complete) {
        peer.is_secure = header.is_secure;
        peer.proxy = header.client;
    }
    if (header.client) {
        peer.client = context_.limits.find(*header.client, context_.clock.steady(), AddressLimits::Source::proxy);
        if (!contains(context_.settings.trusted_proxies, *header.client)) {
            peer.proxy = std::nullopt;
            return admit(std::move(socket), std::move(peer));
        }
    }
    const auto session = std::make_shared<HttpSession>(context_, open(std::move(socket), peer.port), std::move(peer));
    context_.sessions.insert(session);
    session->start();
}

void HttpHub::log_invalid_header(const ClientAddress& proxy) {
    constexpr std::chrono::seconds kLogEvery{10};
    const auto now = context_.clock.steady();
    if (now < quiet_until_) return;
    quiet_until_ = now + kLogEvery;
    spdlog::warn("event=proxy_header_invalid peer={}", log_value(proxy.text()));
}

void HttpHub::stop() {
    context_.is_stopping = true;
    const std::vector<std::shared_ptr<HttpSession>> sessions(context_.sessions.begin(), context_.sessions.end());
    for (const auto& session : sessions) session->stop();
    for (const auto& reader : std::exchange(proxy_headers_, {})) reader->close();
}

}  // namespace globes::net
