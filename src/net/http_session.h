// One HTTP/1.1 connection: reads requests, has each answered by the handler before it looks at the next, and keeps the
// deadlines. Owned by the hub of its I/O thread, which also makes all calls. An idle one waits for readability without
// a buffer; while a handler works, nothing is read.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"
#include "net/http_reader.h"
#include "net/http_socket.h"
#include "net/timer_wheel.h"

namespace globes::net {

class HttpHub;
class HttpSession;

/// One request that waits for its answer. Made by the session, held by whoever is going to answer; I/O thread only, its
/// end included. Destroyed without an answer, it closes the connection.
class HttpExchange {
public:
    HttpExchange(std::shared_ptr<HttpSession> session, HttpRequest request);
    ~HttpExchange();
    HttpExchange(const HttpExchange&) = delete;
    HttpExchange& operator=(const HttpExchange&) = delete;

    /// Valid as long as the exchange, also when it has been answered.
    const HttpRequest& request() const { return request_; }

    /// Answers, now or at any later time. A peer that has gone, a second answer: nothing happens.
    void respond(const HttpResponse& response);

    struct Upgraded {
        int fd;              ///< The caller's from now on: non-blocking, with TCP_NODELAY.
        std::string unread;  ///< What came behind the request.
    };
    /// Ends HTTP on this connection; for an accepted upgrade, whose answer the caller sends. None where the connection
    /// has ended meanwhile or was answered.
    std::optional<Upgraded> take_over();

private:
    std::shared_ptr<HttpSession> session_;  // null once it is answered
    const HttpRequest request_;
};

/// Called for each request, on the I/O thread. An exception of it ends the connection.
using HttpHandler = std::function<void(std::shared_ptr<HttpExchange>)>;

class HttpSession final : public std::enable_shared_from_this<HttpSession>, private TimerWheel::Timer {
public:
    HttpSession(HttpHub& hub, int fd, std::string peer_address);

    void start();
    /// Ends the connection once nothing is under way on it: after the answer that is being made or sent, else at once.
    void stop();
    /// Ends it now, whatever is under way.
    void close();

private:
    friend class HttpExchange;
    enum class State : std::uint8_t { idle, reading_head, reading_body, serving, writing, lingering, closed };

    // For the exchange.
    void respond(const HttpRequest& request, const HttpResponse& response);
    std::optional<HttpExchange::Upgraded> take_over(const HttpRequest& request);

    void on_timer(Tick now) override;
    void enter(State state);
    void arm(Tick wait);
    std::optional<Tick> timeout() const;

    void wait_readable();
    void on_readable();
    void process(std::string_view bytes);
    void await_more();
    void offer_continue();
    void serve(HttpRequest request);
    void refuse(HttpRefusal refusal);

    void send(const HttpResponse& response, const HttpRequest& request, bool keep_alive);
    void flush();
    void wait_writable();
    void linger();

    HttpHub& hub_;  // outlives every session that is not closed
    const std::string peer_address_;
    HttpSocket socket_;
    HttpReader reader_;
    std::string output_;
    std::size_t sent_ = 0;      // bytes of `output_`
    std::size_t lingered_ = 0;  // bytes thrown away
    std::chrono::steady_clock::time_point served_at_;
    State state_ = State::idle;
    bool processing_ = false;  // `process` is on the stack: it goes on by itself after an immediate answer
    bool last_answer_ = false;
};

}  // namespace globes::net
