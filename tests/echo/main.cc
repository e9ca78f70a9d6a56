// A WebSocket echo server on the codec, session and hub of Globes, so that any RFC 6455 suite can be pointed at it:
//
//     globes-echo [ADDRESS]        default 127.0.0.1:9001; ends on SIGINT or SIGTERM
//
// Every path upgrades. Text comes back as it came; binary messages are refused with 1003, as Globes does.

#include <fmt/core.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/config_values.h"
#include "net/http_hub.h"
#include "net/io_thread.h"
#include "net/listener.h"
#include "net/ws_handshake.h"

namespace globes::net {
namespace {

// Suites try messages of many megabytes; a chat server has no use for them, but its codec must not care.
constexpr std::size_t kMessageBytes = std::size_t{16} << 20;

class Echo final : public WsHandler {
public:
    void on_text(WsSession& session, std::string_view message) override {
        session.send_direct(roomlog::Opcode::text, message);
    }
    bool on_ping(WsSession&) override { return true; }
    void on_other_frame(WsSession&) override {}
    void on_closed() override {}
};

WsSettings ws_settings() {
    WsSettings settings;
    settings.limits.message_bytes = kMessageBytes;
    settings.direct_queue_bytes = 4 * kMessageBytes;
    settings.message_within = ticks(std::chrono::minutes{10});  // suites send long messages in small pieces
    return settings;
}

HttpSettings http_settings() {
    HttpSettings settings;
    settings.refusal = [](const net::HttpRequest&, int status, std::string_view) {
        return HttpResponse{.status = status, .close = true};
    };
    return settings;
}

void upgrade(WsHub& hub, const std::shared_ptr<HttpExchange>& exchange) {
    const HttpRequest& request = exchange->request();
    if (const auto checked = check_handshake(request); !checked)
        return exchange->respond({.status = checked.error().status, .headers = checked.error().headers});
    // Accepts the first subprotocol that a client offers, because an echo does not depend on the subprotocol.
    const auto offers = offered_subprotocols(request);
    const std::string answer = switching_protocols(request, offers.empty() ? std::string_view{} : offers.front());
    if (auto upgraded = exchange->take_over())
        hub.adopt(hub.next_id(), std::move(upgraded->socket), answer, upgraded->unread, std::make_unique<Echo>());
}

void serve(const HostPort& address) {
    IoThread thread(0, ws_settings());
    const SystemClock clock;
    AddressLimits limits{{}};
    HttpHub http(thread.context(), thread.hub().wheel(), thread.read_buffer(), clock, limits, http_settings(),
                 [&thread](const std::shared_ptr<HttpExchange>& exchange) { upgrade(thread.hub(), exchange); });
    ListenerSettings settings;
    settings.targets.emplace_back([&](globes::FileDescriptor socket, const globes::IpAddress& peer) {
        http.adopt(std::move(socket), limits.find(peer, clock.steady()));
    });
    const auto listeners = listen_at(thread.context(), addresses_of(address), settings);
    for (const auto& listener : listeners) listener->start();

    boost::asio::io_context signals;
    boost::asio::signal_set stops(signals, SIGINT, SIGTERM);
    stops.async_wait([](const boost::system::error_code&, int) {});
    thread.start([] {});
    fmt::print("listening on ws://{}:{}/\n", address.host, listeners.front()->port());
    std::fflush(stdout);
    signals.run();
    thread.stop();
}

}  // namespace
}  // namespace globes::net

int main(int argc, char** argv) {
    const auto address = globes::parse_host_port(argc > 1 ? argv[1] : "127.0.0.1:9001");
    if (argc > 2 || !address) {
        fmt::print(stderr, "usage: globes-echo [ADDRESS], such as 127.0.0.1:9001\n");
        return 2;
    }
    try {
        globes::net::serve(*address);
    } catch (const std::exception& failure) {
        fmt::print(stderr, "globes-echo: {}\n", failure.what());
        return 1;
    }
    return 0;
}
