// What the HTTP connections of one I/O thread share: the settings, the objects that they work with, and the set of all
// sessions, which owns them. The hub (http_hub.h) owns it. Thread: the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/ip_address.h"
#include "net/address_limits.h"
#include "net/http_message.h"
#include "net/http_parser.h"
#include "net/stream_socket.h"
#include "net/timer_wheel.h"

namespace globes::net {

class HttpExchange;
class HttpSession;
class ReadySessions;

/// Called for each request. After an exception the request is answered 500, unless it was answered before. Thread: the
/// I/O thread.
using HttpHandler = std::function<void(std::shared_ptr<HttpExchange>)>;

struct HttpSettings {
    HttpLimits limits;
    Tick read_timeout = ticks(std::chrono::seconds{10});      ///< For a handshake, a head, and again for a body; 408.
    Tick idle_timeout = ticks(std::chrono::seconds{75});      ///< Without a request; then the connection closes.
    Tick probe_timeout = ticks(std::chrono::seconds{2});      ///< For all that Admission::probe receives.
    Tick turn_away_timeout = ticks(std::chrono::seconds{1});  ///< For a connection beyond the limit of its address.
    Tick write_timeout = ticks(std::chrono::seconds{10});     ///< For a client that reads its response too slowly.
    std::uint32_t least_bytes_per_second = 1024;              ///< What it has to read, on average of that time.
    Tick drain_timeout = ticks(std::chrono::seconds{2});      ///< From our last byte to the end of the connection.
    std::size_t drain_bytes = std::size_t{1} << 20;           ///< The most input that is discarded in this time.

    std::vector<IpRange> trusted_proxies = {};  ///< What they state about their clients counts (net/forwarded.h).

    std::size_t small_response = std::size_t{64} << 10;  ///< Larger ones count as unread output; bytes.

    std::uint32_t hsts_s = 0;  ///< Strict-Transport-Security of responses over TLS, in seconds; 0: none.
    /// Makes the socket of a connection of `HttpPort::main`, with TLS. Empty: without.
    std::function<StreamSocket(FileDescriptor)> open = {};
    /// Handles the requests of `HttpPort::redirect`. May be empty if no connection is adopted for it.
    HttpHandler redirect = {};

    /// Returns the response to an invalid request: 400, 408, 413, 414 or 431; to a request that got no response: 500;
    /// if the response would exceed the limit of unread output of the address or of all: 429 or 503; to a connection
    /// beyond the limit of the address: 503.
    /// `refused`: its head, if it was read. `limit`: the name of the limit that it exceeds; otherwise empty.
    std::function<HttpResponse(const HttpRequest& refused, int status, std::string_view limit)> refusal;
    /// Returns the response to a request without TLS where `open` expects it. May be empty if `open` is.
    std::function<HttpResponse(const HttpRequest& refused)> without_tls = {};
    /// Called for the access log when a response starts to be sent; with status 101 for an upgrade. `body_bytes`: the
    /// size of the response's body, also for HEAD. A request that was refused before its head was read has only a peer
    /// address. `note`: HttpResponse::log_note. May be empty.
    std::function<void(const HttpRequest& request, int status, std::size_t body_bytes, std::chrono::microseconds took,
                       std::string_view note)>
        on_finished;
    /// Called for a connection that is closed without an answer, because its address has too many or has opened too
    /// many in a short time. `limit`: the name of the limit. May be empty.
    std::function<void(const ClientAddress& client, std::string_view limit)> on_dropped = {};
};

struct HttpContext {
    boost::asio::io_context& io;
    TimerWheel& wheel;
    const std::span<char> read_buffer;  ///< For one read at a time.
    const Clock& clock;
    AddressLimits& limits;
    const HttpSettings settings;
    const HttpHandler handler;
    const std::shared_ptr<ReadySessions> ready;
    std::unordered_set<std::shared_ptr<HttpSession>> sessions = {};  ///< All that are open.
    bool is_stopping = false;  ///< Each session closes after its current response.
};

}  // namespace globes::net
