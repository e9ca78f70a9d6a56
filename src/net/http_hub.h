// All HTTP connections of one I/O thread: opens their sessions, counts them by address, reads the PROXY headers of
// trusted proxies, and closes the sessions when the server stops. Owned by the thread's I/O unit. Thread: the I/O
// thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_set>

#include "base/clock.h"
#include "base/file.h"
#include "base/ip_address.h"
#include "net/address_limits.h"
#include "net/http_context.h"
#include "net/http_session.h"
#include "net/proxy_header_reader.h"
#include "net/stream_socket.h"
#include "net/timer_wheel.h"

namespace globes::net {

class HttpHub {
public:
    /// `io`, `wheel`, `read_buffer`, `clock` and `limits` MUST outlive the hub. `read_buffer`: shared by the
    /// thread's connections, for one read at a time.
    HttpHub(boost::asio::io_context& io, TimerWheel& wheel, std::span<char> read_buffer, const Clock& clock,
            AddressLimits& limits, HttpSettings settings, HttpHandler handler);
    /// Closes all connections. Exchanges may outlive the hub, but not `io`; to answer them does nothing.
    ~HttpHub();
    HttpHub(const HttpHub&) = delete;
    HttpHub& operator=(const HttpHub&) = delete;

    /// Reads from a connected, non-blocking stream socket. Closes it after `stop`.
    void adopt(FileDescriptor socket, const ClientAddress& client, Admission admission = Admission::full,
               HttpPort port = HttpPort::main);
    /// The same for a TCP socket that a trusted proxy has connected. It may begin with a PROXY header. Without one,
    /// each request names its client, and counts as one of its connections until it is answered, or as a WebSocket
    /// ends. `client`: the proxy.
    void adopt_proxy(FileDescriptor socket, const IpAddress& proxy, const ClientAddress& client,
                     Admission admission = Admission::full, HttpPort port = HttpPort::main);
    /// Closes the connections that wait for a request or for the rest of one. The others close after their response,
    /// which has `Connection: close`.
    void stop();
    std::size_t size() const { return context_.sessions.size() + proxy_headers_.size(); }

private:
    StreamSocket open(FileDescriptor socket, HttpPort port) const;
    void admit(FileDescriptor socket, HttpPeer peer);
    void drop(const ClientAddress& client, std::string_view limit) const;
    void on_proxy_header(FileDescriptor socket, HttpPeer proxy, const ProxyHeader& header);
    void log_invalid_header(const ClientAddress& proxy);

    HttpContext context_;
    const ProxyHeaderContext proxy_context_;
    std::unordered_set<std::shared_ptr<ProxyHeaderReader>> proxy_headers_;
    std::chrono::steady_clock::time_point quiet_until_;  // no invalid header is logged before this time
};

}  // namespace globes::net
