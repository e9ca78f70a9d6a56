// All HTTP connections of one I/O thread, with their shared settings, handler, read buffer and timers. Owned by the
// thread's I/O unit. Thread: the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>

#include "base/clock.h"
#include "net/http_message.h"
#include "net/http_session.h"
#include "net/request_check.h"
#include "net/timer_wheel.h"

namespace globes::net {

struct HttpSettings {
    HttpLimits limits;
    Tick read_timeout = ticks(std::chrono::seconds{10});   ///< For a head, and again for a body; 408.
    Tick idle_timeout = ticks(std::chrono::seconds{75});   ///< Without a request; then the connection closes.
    Tick write_timeout = ticks(std::chrono::seconds{10});  ///< For a client that does not read its response.
    Tick drain_timeout = ticks(std::chrono::seconds{2});   ///< From our last byte to the end of the connection.
    std::size_t drain_bytes = std::size_t{1} << 20;        ///< The most input that is discarded in this time.

    /// Returns the response to an invalid request: 400, 408, 413, 414 or 431; or 500 to a request
    /// that got no response. `refused`: its head, if it was read.
    std::function<HttpResponse(const HttpRequest& refused, int status)> refusal;
    /// Called for the access log when a response starts to be sent; with status 101 for an upgrade. `body_bytes`: the
    /// size of the response's body, also for HEAD. A request that was refused before its head was read has only a peer
    /// address. May be empty.
    std::function<void(const HttpRequest& request, int status, std::size_t body_bytes, std::chrono::microseconds took)>
        on_finished;
};

class HttpHub {
public:
    /// `context`, `wheel`, `read_buffer` and `clock` MUST outlive the hub. `read_buffer`: shared by the thread's
    /// connections, for one read at a time.
    HttpHub(boost::asio::io_context& context, TimerWheel& wheel, std::span<char> read_buffer, const Clock& clock,
            HttpSettings settings, HttpHandler handler);
    /// Closes all connections. Exchanges may outlive the hub, but not `context`; to answer them does nothing.
    ~HttpHub();
    HttpHub(const HttpHub&) = delete;
    HttpHub& operator=(const HttpHub&) = delete;

    /// Takes ownership of a connected, non-blocking stream socket and reads from it. Closes it after `stop`.
    void adopt(int fd, std::string peer_address);
    /// Closes the connections that wait for a request or for the rest of one. The others close after their response,
    /// which has `Connection: close`.
    void stop();
    std::size_t size() const { return sessions_.size(); }

private:
    friend class HttpSession;

    // Constant after construction.
    boost::asio::io_context& context_;
    TimerWheel& wheel_;
    const std::span<char> read_buffer_;
    const Clock& clock_;
    const HttpSettings settings_;
    const HttpHandler handler_;

    std::unordered_set<std::shared_ptr<HttpSession>> sessions_;
    bool stopping_ = false;
};

}  // namespace globes::net
