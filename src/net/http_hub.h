// All HTTP connections of one I/O thread, and what they share: settings, handler, read buffer, timers. Owned beside
// that thread, which makes all calls.
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
    Tick read_timeout = ticks(std::chrono::seconds{10});   ///< For the head of a request, and for its body: 408.
    Tick idle_timeout = ticks(std::chrono::seconds{75});   ///< Without a request: closed silently.
    Tick write_timeout = ticks(std::chrono::seconds{10});  ///< For a client that takes nothing of its answer.
    Tick linger = ticks(std::chrono::seconds{2});          ///< From our last byte to the end of the connection.
    std::size_t linger_bytes = std::size_t{1} << 20;       ///< Thrown away meanwhile, at most.

    /// Makes the answer to what is no request: 400, 408, 413, 414 or 431. `refused`: its head, where that was read.
    std::function<HttpResponse(const HttpRequest& refused, int status)> refusal;
    /// For the access log: every answer as it begins to be sent, 101 for an upgrade. `body_bytes`: of the answer, also
    /// to HEAD. What was refused before its head was read has a peer address and nothing else. May be empty.
    std::function<void(const HttpRequest& request, int status, std::size_t body_bytes, std::chrono::microseconds took)>
        on_finished;
};

class HttpHub {
public:
    /// `context`, `wheel`, `read_buffer` and `clock` outlive the hub. `read_buffer` is the thread's, used up at once.
    HttpHub(boost::asio::io_context& context, TimerWheel& wheel, std::span<char> read_buffer, const Clock& clock,
            HttpSettings settings, HttpHandler handler);
    /// Closes all connections. Exchanges may live on, as long as `context` does; answering them does nothing.
    ~HttpHub();
    HttpHub(const HttpHub&) = delete;
    HttpHub& operator=(const HttpHub&) = delete;

    /// Takes over a connected stream socket that does not block, and reads what is there; after `stop` it is closed.
    void adopt(int fd, std::string peer_address);
    /// Connections that wait for a request, or for the rest of one, close at once; the others get their answer, with
    /// `Connection: close`.
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
