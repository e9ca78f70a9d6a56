// One HTTP/1.1 connection. A session reads requests, passes them one at a time to the handler, sends the responses, and
// enforces the timeouts; it does not read while a handler works, and holds no buffer when idle. Owned by the hub
// (http_hub.h). Thread: the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/asker.h"
#include "base/ip_address.h"
#include "base/round_robin.h"
#include "net/address_limits.h"
#include "net/http_context.h"
#include "net/http_message.h"
#include "net/http_parser.h"
#include "net/http_reader.h"
#include "net/http_socket.h"
#include "net/stream_socket.h"
#include "net/timer_wheel.h"

namespace globes::net {

/// A request that waits for its response. Created by the session and held by the code that will respond. Its destructor
/// responds 500 if no response was sent, for example because of an exception. Thread: the I/O thread, the destructor
/// included.
class HttpExchange {
public:
    HttpExchange(std::shared_ptr<HttpSession> session, HttpRequest request);
    ~HttpExchange();
    HttpExchange(const HttpExchange&) = delete;
    HttpExchange& operator=(const HttpExchange&) = delete;

    /// Valid as long as the exchange, also after the response.
    const HttpRequest& request() const { return request_; }

    /// Sends the response. Does nothing if the peer has disconnected or a response was sent before.
    void respond(const HttpResponse& response);

    struct Upgraded {
        StreamSocket socket;  ///< Non-blocking, with TCP_NODELAY.
        std::string unread;   ///< The bytes after the request.
        AddressConnection connection;
    };
    /// Ends HTTP on this connection for an upgrade; the caller sends the 101 response. Returns nothing if the
    /// connection has ended or a response was sent.
    std::optional<Upgraded> take_over();

private:
    std::shared_ptr<HttpSession> session_;  // null after the response
    const HttpRequest request_;
};

/// What a new connection may do.
enum class Admission : std::uint8_t {
    full,
    probe,  ///< One request, soon, with HttpRequest::only_probes: the server has nearly as many connections as it may.
};

/// Where a connection has arrived.
enum class HttpPort : std::uint8_t {
    main,
    redirect,  ///< The listener that redirects to https (HttpSettings::redirect).
};

/// The other end of a connection.
struct HttpPeer {
    ClientAddress client;
    Admission admission = Admission::full;
    HttpPort port = HttpPort::main;
    bool is_secure = false;               ///< It speaks https.
    std::optional<IpAddress> proxy = {};  ///< Set for a trusted proxy, whose requests are those of its clients.
    AddressConnection connection = {};    ///< Empty if it does not count.
};

class HttpSession final : public std::enable_shared_from_this<HttpSession>, private TimerWheel::Timer {
public:
    HttpSession(HttpContext& context, StreamSocket socket, HttpPeer peer);

    void start();
    /// Answers 503 and closes, without a request; after the handshake, if there is one. All of it ends within
    /// HttpSettings::turn_away_timeout.
    void turn_away();
    /// Closes the connection after the current response, or at once if no request is in progress.
    void stop();
    /// Closes the connection now, in every state.
    void close();
    /// Reads and serves a part of what the peer has sent. For the hub.
    void proceed();

private:
    friend class HttpExchange;
    enum class State : std::uint8_t {
        handshaking,   // TLS only.
        idle,          // Waits for a request.
        reading_head,  // Has a part of a request.
        reading_body,
        serving,       // The handler works.
        writing,       // The client has not taken all of the response, or of its last part.
        reading_rest,  // The client has taken the last part, and the next one is being read.
        draining,      // Our side is shut down; input is discarded.
        closed,
    };

    // Called by the exchange.
    void respond(const HttpRequest& request, const HttpResponse& response);
    void fail(const HttpRequest& request) noexcept;
    std::optional<HttpExchange::Upgraded> take_over(const HttpRequest& request);

    template <class Act>
    void run_or_close(Act act) noexcept;
    void on_timer(Tick now) override;
    void enter(State state);
    void arm(Tick wait);
    std::optional<Tick> timeout() const;

    void wait_readable();
    void queue();
    void read();
    bool end_handshake();
    void answer_turned_away();
    void process(std::string_view bytes);
    void await_more();
    void offer_continue();
    bool identify(HttpRequest& request);
    void serve(HttpRequest request);
    void refuse(HttpRefusal refusal);

    void send(const HttpResponse& response, const HttpRequest& request, bool keep_alive);
    void flush();
    void wait_writable();
    void check_rate();
    int reserve_output();
    void free_output();
    void read_rest();
    void send_rest(std::optional<std::string> part);
    void end_response();
    void drain();

    HttpContext& context_;  // outlives every open session
    const HttpHandler& handler_;
    struct Proxy {
        IpAddress address;
        ClientAddress client;  // the proxy itself
    };
    const std::unique_ptr<const Proxy> proxy_;  // null if the peer is a client
    const bool is_secure_;
    const Admission admission_;
    const Asker asker_;             // the peer's
    ClientAddress client_;          // of the current request, if the peer is a proxy
    AddressConnection connection_;  // the same
    HttpSocket socket_;
    HttpReader reader_;
    std::string output_;
    std::size_t sent_ = 0;             // bytes of `output_`
    std::size_t reserved_ = 0;         // bytes of `output_`, if they count as unread output
    std::shared_ptr<BodyParts> rest_;  // null if `output_` is the end of the response
    std::uint64_t rest_bytes_ = 0;
    std::int64_t written_ = 0;                  // bytes of all responses
    std::optional<std::int64_t> taken_before_;  // by the client, at the last look; set while it is slow
    std::size_t drained_ = 0;                   // discarded bytes
    std::chrono::steady_clock::time_point served_at_;
    bool is_turned_away_ = false;  // answered without a request
    State state_ = State::idle;
    bool processing_ = false;  // `process` is on the stack and continues after an immediate response
    bool last_answer_ = false;
    bool is_queued_ = false;         // as a ready session of the hub
    bool has_more_ = false;          // pipelined requests that were not processed yet
    bool has_proxy_header_ = false;  // at its beginning, and the peer is not trusted
};

/// Sessions that have something to read, round-robin by client: the connections of one address delay those of others by
/// little, however many they are. May outlive the hub.
class ReadySessions : public std::enable_shared_from_this<ReadySessions> {
public:
    explicit ReadySessions(boost::asio::io_context& io) : io_(io) {}

    void add(std::shared_ptr<HttpSession> session, Asker asker);

private:
    void serve_later();

    boost::asio::io_context& io_;
    RoundRobin<RoundRobin<Fifo<std::shared_ptr<HttpSession>>>> sessions_;
    bool is_scheduled_ = false;  // the loop has a handler that serves the next one
};

}  // namespace globes::net
