// One HTTP/1.1 connection, and all connections of one I/O thread. A session reads requests, passes them one at a time
// to the handler, sends the responses, and enforces the timeouts; it does not read while a handler works, and holds no
// buffer when idle. The thread's I/O unit owns the hub, which owns the sessions. Thread: the I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/ip_address.h"
#include "base/round_robin.h"
#include "net/http_message.h"
#include "net/http_parser.h"
#include "net/http_reader.h"
#include "net/http_socket.h"
#include "net/proxy_header_reader.h"
#include "net/stream_socket.h"
#include "net/timer_wheel.h"

namespace globes::net {

class HttpHub;
class HttpSession;

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

/// Called for each request. After an exception the request is answered 500, unless it was answered before. Thread: the
/// I/O thread.
using HttpHandler = std::function<void(std::shared_ptr<HttpExchange>)>;

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
    HttpSession(HttpHub& hub, StreamSocket socket, HttpPeer peer);

    void start();
    /// Answers with `status` and closes, without a request; after the handshake, if there is one.
    void turn_away(int status);
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

    HttpHub& hub_;  // outlives every open session
    const HttpHandler& handler_;
    struct Proxy {
        IpAddress address;
        ClientAddress client;  // the proxy itself
    };
    const std::unique_ptr<const Proxy> proxy_;  // null if the peer is a client
    const bool is_secure_;
    const Admission admission_;
    const std::uint64_t asker_;     // the peer's
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
    int turned_away_ = 0;  // the status to answer after the handshake, or 0
    State state_ = State::idle;
    bool processing_ = false;  // `process` is on the stack and continues after an immediate response
    bool last_answer_ = false;
    bool is_queued_ = false;  // as a ready session of the hub
    bool has_more_ = false;   // pipelined requests that were not processed yet
};

struct HttpSettings {
    HttpLimits limits;
    Tick read_timeout = ticks(std::chrono::seconds{10});   ///< For a handshake, a head, and again for a body; 408.
    Tick idle_timeout = ticks(std::chrono::seconds{75});   ///< Without a request; then the connection closes.
    Tick probe_timeout = ticks(std::chrono::seconds{2});   ///< The same for Admission::probe.
    Tick write_timeout = ticks(std::chrono::seconds{10});  ///< For a client that reads its response too slowly.
    std::uint32_t least_bytes_per_second = 1024;           ///< What it has to read, on average of that time.
    Tick drain_timeout = ticks(std::chrono::seconds{2});   ///< From our last byte to the end of the connection.
    std::size_t drain_bytes = std::size_t{1} << 20;        ///< The most input that is discarded in this time.

    std::vector<IpRange> trusted_proxies = {};  ///< What they state about their clients counts (net/forwarded.h).

    std::size_t small_response = std::size_t{64} << 10;  ///< Larger ones count as unread output; bytes.

    std::uint32_t hsts_s = 0;  ///< Strict-Transport-Security of responses over TLS, in seconds; 0: none.
    /// Makes the socket of a connection of `HttpPort::main`, with TLS. Empty: without.
    std::function<StreamSocket(FileDescriptor)> open = {};
    /// Handles the requests of `HttpPort::redirect`. May be empty if no connection is adopted for it.
    HttpHandler redirect = {};

    /// Returns the response to an invalid request, or one without TLS: 400, 408, 413, 414 or 431; to a request that got
    /// no response: 500;
    /// if the response would exceed the limit of unread output of the address or of all: 429 or 503; to a connection
    /// beyond the limit of the address: 503.
    /// `refused`: its head, if it was read.
    std::function<HttpResponse(const HttpRequest& refused, int status)> refusal;
    /// Called for the access log when a response starts to be sent; with status 101 for an upgrade. `body_bytes`: the
    /// size of the response's body, also for HEAD. A request that was refused before its head was read has only a peer
    /// address. May be empty.
    std::function<void(const HttpRequest& request, int status, std::size_t body_bytes, std::chrono::microseconds took)>
        on_finished;
};

class HttpHub {
public:
    /// `context`, `wheel`, `read_buffer`, `clock` and `limits` MUST outlive the hub. `read_buffer`: shared by the
    /// thread's connections, for one read at a time.
    HttpHub(boost::asio::io_context& context, TimerWheel& wheel, std::span<char> read_buffer, const Clock& clock,
            AddressLimits& limits, HttpSettings settings, HttpHandler handler);
    /// Closes all connections. Exchanges may outlive the hub, but not `context`; to answer them does nothing.
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
    std::size_t size() const { return sessions_.size() + proxy_headers_.size(); }

private:
    friend class HttpSession;

    /// Sessions that have something to read, round-robin by client: the connections of one address delay those of
    /// others by little, however many they are. May outlive the hub.
    struct ReadySessions {
        boost::asio::io_context& context;
        RoundRobin<Fifo<std::shared_ptr<HttpSession>>> sessions = {};
        bool is_scheduled = false;  // the loop has a handler that serves the next one
    };

    StreamSocket open(FileDescriptor socket, HttpPort port) const;
    static void serve_later(const std::shared_ptr<ReadySessions>& ready);
    void admit(FileDescriptor socket, HttpPeer peer);
    void on_proxy_header(FileDescriptor socket, HttpPeer proxy, const ProxyHeader& header);
    void log_invalid_header(const ClientAddress& proxy);

    // Constant after construction.
    boost::asio::io_context& context_;
    TimerWheel& wheel_;
    const std::span<char> read_buffer_;
    const Clock& clock_;
    AddressLimits& limits_;
    const HttpSettings settings_;
    const HttpHandler handler_;
    const ProxyHeaderContext proxy_context_;

    std::unordered_set<std::shared_ptr<HttpSession>> sessions_;
    const std::shared_ptr<ReadySessions> ready_;
    std::unordered_set<std::shared_ptr<ProxyHeaderReader>> proxy_headers_;
    std::chrono::steady_clock::time_point quiet_until_;  // no invalid header is logged before this time
    bool stopping_ = false;
};

}  // namespace globes::net
