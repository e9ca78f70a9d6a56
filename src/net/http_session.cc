#include "net/http_session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <utility>

#include "base/task_boundary.h"
#include "net/forwarded.h"
#include "net/proxy_header.h"

namespace globes::net {
namespace {

constexpr int kTooManyRequests = 429;
constexpr int kInternalServerError = 500;
constexpr int kServiceUnavailable = 503;

/// Pipelined requests that are answered at once are served in groups of so many, between other connections.
constexpr int kRequestsAtOnce = 8;
/// So many bytes, too: 64 KiB of headers, or of a body in chunks of one byte, take milliseconds to parse.
constexpr std::size_t kBytesAtOnce = std::size_t{16} << 10;

using boost::system::error_code;

bool is_temporary(const error_code& error) {
    return error == boost::asio::error::would_block || error == boost::asio::error::try_again ||
           error == boost::asio::error::interrupted;
}

}  // namespace

// --- the exchange ----------------------------------------------------------------------------------------------------

HttpExchange::HttpExchange(std::shared_ptr<HttpSession> session, HttpRequest request)
    : session_(std::move(session)), request_(std::move(request)) {}

HttpExchange::~HttpExchange() {
    if (session_) session_->fail(request_);
}

void HttpExchange::respond(const HttpResponse& response) {
    if (const auto session = std::exchange(session_, nullptr)) session->respond(request_, response);
}

std::optional<HttpExchange::Upgraded> HttpExchange::take_over() {
    const auto session = std::exchange(session_, nullptr);
    return session ? session->take_over(request_) : std::nullopt;
}

// --- states and timeouts --------------------------------------------------------------------------------------------

HttpSession::HttpSession(HttpContext& context, StreamSocket socket, HttpPeer peer)
    : context_(context),
      handler_(peer.port == HttpPort::redirect ? context.settings.redirect : context.handler),
      proxy_(peer.proxy ? std::make_unique<const Proxy>(*peer.proxy, peer.client) : nullptr),
      is_secure_(peer.is_secure || socket.is_encrypted()),
      admission_(peer.admission),
      asker_(peer.client.asker()),
      client_(std::move(peer.client)),
      connection_(std::move(peer.connection)),
      socket_(context.io, std::move(socket)),
      reader_(context.settings.limits),
      served_at_(context.clock.steady()) {}

/// Closes the connection after an exception, because its state is unknown then.
template <class Act>
void HttpSession::run_or_close(Act act) noexcept {
    if (!run_task(TaskThread::io, std::move(act))) close();
}

void HttpSession::start() {
    run_or_close([this] {
        if (socket_.is_handshaking()) state_ = State::handshaking;
        arm(admission_ == Admission::probe ? context_.settings.probe_timeout : *timeout());
        queue();
    });
}

void HttpSession::turn_away() {
    run_or_close([this] {
        is_turned_away_ = true;
        arm(context_.settings.turn_away_timeout);
        if (!socket_.is_handshaking()) return answer_turned_away();
        state_ = State::handshaking;
        queue();
    });
}

void HttpSession::answer_turned_away() {
    HttpRequest request;
    request.client = client_;
    send(context_.settings.refusal(request, kServiceUnavailable, kOpenConnections), request, false);
}

/// The current tick does not count, because a load balancer may reuse a connection until just before its timeout.
void HttpSession::arm(Tick wait) { context_.wheel.arm(*this, context_.wheel.now() + wait + 1); }

void HttpSession::stop() {
    // An incomplete request is abandoned.
    if (state_ != State::serving && state_ != State::writing && state_ != State::reading_rest) close();
}

void HttpSession::close() {
    if (state_ == State::closed) return;
    const auto self = weak_from_this().lock();  // unlike shared_from_this, it never throws; destructors call this
    state_ = State::closed;
    free_output();
    socket_.close();
    context_.sessions.erase(self);
}

/// A timeout counts from the start of its state: a client that sends a few bytes at a time does not extend it.
void HttpSession::enter(State state) {
    if (std::exchange(state_, state) == state) return;
    if (const auto wait = timeout()) arm(*wait);
}

/// Nothing if the time of an earlier state goes on. A kept-back connection has one time for its handshake and its
/// request together, and one that is turned away has one for everything.
std::optional<Tick> HttpSession::timeout() const {
    const HttpSettings& settings = context_.settings;
    if (is_turned_away_) return std::nullopt;
    const bool is_probe = admission_ == Admission::probe;
    switch (state_) {
        case State::idle:
            return is_probe ? std::nullopt : std::optional(settings.idle_timeout);
        case State::handshaking:
        case State::reading_head:
        case State::reading_body:
            return is_probe ? std::nullopt : std::optional(settings.read_timeout);
        case State::writing:
            return settings.write_timeout;
        case State::draining:
            return settings.drain_timeout;
        case State::serving:
        case State::reading_rest:
        case State::closed:
            break;
    }
    return std::nullopt;
}

void HttpSession::on_timer(Tick) {
    const auto self = shared_from_this();
    if (is_turned_away_) return close();
    if (state_ == State::reading_head || state_ == State::reading_body) {
        socket_.cancel();  // the wait for more bytes
        return run_or_close([this] { refuse({408}); });
    }
    if (state_ == State::writing) return run_or_close([this] { check_rate(); });
    // While a request is served, the timer of an earlier state may fire; it is ignored.
    if (state_ != State::serving && state_ != State::reading_rest) close();
}

// --- reading ---------------------------------------------------------------------------------------------------------

void HttpSession::wait_readable() {
    if (is_queued_) return;
    socket_.wait(HttpSocket::kReadable, [self = shared_from_this()](const error_code& error) {
        if (!error) self->run_or_close([&self] { self->queue(); });
    });
}

void HttpSession::queue() {
    if (is_queued_) return;
    context_.ready->add(shared_from_this(), asker_);
    is_queued_ = true;
}

void HttpSession::proceed() {
    is_queued_ = false;
    run_or_close([this] { std::exchange(has_more_, false) && state_ == State::idle ? process({}) : read(); });
}

void HttpSession::read() {
    // The session was queued already when the timeout refused the request. Nothing is read until the refusal is sent.
    if (state_ == State::closed || state_ == State::writing) return;
    error_code error;
    const std::size_t most =
        state_ == State::draining ? context_.read_buffer.size() : kBytesAtOnce + socket_.spare_bytes();
    const std::size_t count =
        socket_.read(context_.read_buffer.first(std::min(most, context_.read_buffer.size())), error);
    if (error && !is_temporary(error)) return close();  // also for EOF: every response was sent before
    if (state_ == State::handshaking && !socket_.is_handshaking() && !end_handshake()) return;
    if (error) return wait_readable();
    if (state_ != State::draining) return process({context_.read_buffer.data(), count});
    drained_ += count;
    if (drained_ > context_.settings.drain_bytes) return close();
    wait_readable();
}

/// Returns whether the client may send requests.
bool HttpSession::end_handshake() {
    enter(State::idle);
    if (!is_turned_away_) return true;
    answer_turned_away();
    return false;
}

void HttpSession::process(std::string_view bytes) {
    processing_ = true;
    auto outcome = reader_.consume(bytes);
    for (int served = 1; outcome; ++served) {
        if (!*outcome) {
            // Of a trusted proxy, it was read before.
            const bool is_first = served == 1 && written_ == 0 && proxy_ == nullptr;
            has_proxy_header_ = is_first && parse_proxy_header(bytes).kind == ProxyHeader::Kind::complete;
            refuse(outcome->error());
            break;
        }
        serve(std::move(**outcome));
        if (state_ != State::idle) break;
        if (served == kRequestsAtOnce) {
            processing_ = false;
            has_more_ = true;  // and nothing is read meanwhile, so no other call of `process` comes first
            return queue();
        }
        outcome = reader_.consume({});
    }
    processing_ = false;
    if (!outcome) await_more();
}

void HttpSession::await_more() {
    if (context_.is_stopping) return drain();
    if (reader_.is_idle()) {
        enter(State::idle);
    } else {
        const State reads = reader_.is_in_body() ? State::reading_body : State::reading_head;
        // Already here, because many clients of a proxy may have sent only half of their bodies.
        if (reads == State::reading_body && state_ != reads && !identify(reader_.head()))
            return refuse({kServiceUnavailable});
        enter(reads);
        if (reader_.take_continue()) offer_continue();
    }
    if (state_ != State::closed) wait_readable();
}

/// 100 Continue is optional (RFC 9110, 10.1.1), so it is skipped if the socket is full. If the socket takes a part of
/// it, the connection closes: that is simpler than a queue for 25 bytes.
void HttpSession::offer_continue() {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    error_code error;
    const std::size_t sent = socket_.write(kContinue, error);
    if (!is_temporary(error) && sent != kContinue.size()) close();
}

// --- responding ------------------------------------------------------------------------------------------------------

/// Sets the client of the request, as the proxy states it if the peer is one. Returns false if the client's address has
/// too many connections open. The proxy's own requests, such as health checks, do not count.
bool HttpSession::identify(HttpRequest& request) {
    request.is_secure = is_secure_;
    bool is_admitted = true;
    if (proxy_ != nullptr) {
        const ForwardedClient stated = forwarded_client(request, proxy_->address, context_.settings.trusted_proxies);
        request.is_secure = stated.is_secure.value_or(is_secure_);
        connection_ = AddressConnection();
        client_ = proxy_->client;
        if (stated.address) {
            client_ = context_.limits.find(*stated.address, context_.clock.steady(), AddressLimits::Source::proxy);
            auto connection = context_.limits.open_connection(client_);
            is_admitted = connection.has_value();
            if (is_admitted) connection_ = *std::move(connection);
        }
    }
    request.client = client_;
    request.shares_connection = proxy_ != nullptr;
    request.only_probes = admission_ == Admission::probe;
    if (request.only_probes) request.keep_alive = false;
    return is_admitted;
}

void HttpSession::serve(HttpRequest request) {
    served_at_ = context_.clock.steady();
    if (!identify(request)) {
        const bool keep_alive = request.keep_alive && !context_.is_stopping;
        return send(context_.settings.refusal(request, kServiceUnavailable, kOpenConnections), request, keep_alive);
    }
    if (socket_.lacks_tls()) return send(context_.settings.without_tls(request), request, false);
    enter(State::serving);
    // If the handler throws, the destructor of its exchange responds, unless another owner of the exchange does.
    run_task(TaskThread::io, [&] { handler_(std::make_shared<HttpExchange>(shared_from_this(), std::move(request))); });
}

void HttpSession::refuse(HttpRefusal refusal) {
    served_at_ = context_.clock.steady();
    HttpRequest refused = reader_.take_refused();
    refused.has_proxy_header = has_proxy_header_;
    static_cast<void>(identify(refused));  // for the log; no more is read from this connection
    const HttpSettings& settings = context_.settings;
    const std::string_view limit = refusal.status == kServiceUnavailable ? kOpenConnections : std::string_view();
    send(socket_.lacks_tls() ? settings.without_tls(refused) : settings.refusal(refused, refusal.status, limit),
         refused, false);
}

void HttpSession::respond(const HttpRequest& request, const HttpResponse& response) {
    if (state_ != State::serving) return;
    run_or_close([&] { send(response, request, request.keep_alive && !response.close && !context_.is_stopping); });
}

/// Does not use the context if the connection is closed, because the hub may be destroyed then.
void HttpSession::fail(const HttpRequest& request) noexcept {
    if (state_ != State::serving) return;
    run_or_close([&] { respond(request, context_.settings.refusal(request, kInternalServerError, {})); });
}

std::optional<HttpExchange::Upgraded> HttpSession::take_over(const HttpRequest& request) {
    if (state_ != State::serving) return std::nullopt;
    HttpExchange::Upgraded upgraded{socket_.release(), reader_.take_unread(), std::move(connection_)};
    close();
    if (context_.settings.on_finished) {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(context_.clock.steady() - served_at_);
        context_.settings.on_finished(request, 101, 0, took, {});
    }
    return upgraded;
}

void HttpSession::send(const HttpResponse& response, const HttpRequest& request, bool keep_alive) {
    const AnswerForm form{.head = request.method == "HEAD",
                          .keep_alive = keep_alive,
                          .minor_version = request.minor_version,
                          .hsts_s = socket_.is_encrypted() ? context_.settings.hsts_s : 0};
    output_ = write_response(response, form, context_.clock.now_us());
    if (const int refused = reserve_output())
        return send(
            context_.settings.refusal(request, refused, refused == kTooManyRequests ? "unread_bytes" : "unread_in_all"),
            request, keep_alive);
    rest_ = form.head ? nullptr : response.rest;
    rest_bytes_ = response.rest_bytes;
    last_answer_ = !keep_alive;
    if (context_.settings.on_finished) {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(context_.clock.steady() - served_at_);
        context_.settings.on_finished(request, response.status, response.body.size() + response.rest_bytes, took,
                                      response.log_note);
    }
    enter(State::writing);
    flush();
}

/// Returns the status to refuse the request with if its address, or all connections together, have too much unread
/// output, otherwise 0. Small responses always pass: the number of connections bounds them.
int HttpSession::reserve_output() {
    assert(reserved_ == 0);
    if (output_.size() <= context_.settings.small_response) return 0;
    switch (context_.limits.reserve_output(client_, output_.size())) {
        case AddressLimits::Reservation::of_address:
            return kTooManyRequests;
        case AddressLimits::Reservation::of_everyone:
            return kServiceUnavailable;
        case AddressLimits::Reservation::done:
            break;
    }
    reserved_ = output_.size();
    return 0;
}

void HttpSession::free_output() {
    std::string().swap(output_);  // frees the memory; an assignment would not
    sent_ = 0;
    // Without a reservation the context is not used: the hub may be destroyed.
    if (const std::size_t bytes = std::exchange(reserved_, 0)) context_.limits.release_output(client_, bytes);
}

void HttpSession::flush() {
    while (sent_ < output_.size()) {
        error_code error;
        const std::size_t count = socket_.write(std::string_view(output_).substr(sent_), error);
        if (is_temporary(error)) return wait_writable();
        if (error) return close();
        sent_ += count;
        written_ += static_cast<std::int64_t>(count);
    }
    error_code error;
    socket_.flush(error);
    if (is_temporary(error)) return wait_writable();
    if (error) return close();
    free_output();
    taken_before_.reset();
    rest_ != nullptr ? read_rest() : end_response();
}

void HttpSession::read_rest() {
    enter(State::reading_rest);
    // If `done` is destroyed without a call, the connection is closed too.
    const auto end = [](HttpSession* session) {
        if (session->state_ == State::reading_rest) session->close();
    };
    auto guard = std::unique_ptr<HttpSession, decltype(end)>(this, end);
    rest_->read([self = shared_from_this(), guard = std::move(guard)](std::optional<std::string> part) mutable {
        static_cast<void>(guard.release());
        if (self->state_ != State::reading_rest) return;
        self->run_or_close([&] { self->send_rest(std::move(part)); });
    });
}

void HttpSession::send_rest(std::optional<std::string> part) {
    if (!part || part->empty()) return close();
    // A file has grown since its size was sent.
    if (part->size() > rest_bytes_) part->resize(rest_bytes_);
    rest_bytes_ -= part->size();
    if (rest_bytes_ == 0) rest_ = nullptr;
    output_ = *std::move(part);
    enter(State::writing);
    flush();
}

void HttpSession::end_response() {
    if (proxy_ != nullptr) connection_ = AddressConnection();
    if (last_answer_) return drain();
    enter(State::idle);
    if (!processing_) process({});
}

/// Closes the connection if the client has taken too little since the last look. What counts is what its kernel has
/// acknowledged: ours reports room only if a good part of its buffer is free.
void HttpSession::check_rate() {
    socket_.cancel();  // the wait for room
    flush();
    if (state_ != State::writing) return;
    const std::int64_t taken = written_ - static_cast<std::int64_t>(socket_.unacknowledged());
    const std::chrono::milliseconds time = context_.settings.write_timeout * kTick;
    const std::int64_t least = context_.settings.least_bytes_per_second * time / std::chrono::seconds{1};
    if (taken_before_ && taken - *taken_before_ < std::max<std::int64_t>(least, 1)) return close();
    taken_before_ = taken;
    arm(context_.settings.write_timeout);
}

void HttpSession::wait_writable() {
    if (!taken_before_) taken_before_ = written_ - static_cast<std::int64_t>(socket_.unacknowledged());
    socket_.wait(HttpSocket::kWritable, [self = shared_from_this()](const error_code& error) {
        if (!error && self->state_ == State::writing) self->run_or_close([&self] { self->flush(); });
    });
}

/// If a socket with unread input is closed, the kernel sends a RST, and the client may lose the response. So the
/// session sends a FIN and discards the client's input for a limited time.
void HttpSession::drain() {
    enter(State::draining);
    error_code error;
    socket_.shut_down_sending(error);
    if (error) return close();
    wait_readable();
}

// --- ready sessions --------------------------------------------------------------------------------------------------

void ReadySessions::add(std::shared_ptr<HttpSession> session, Asker asker) {
    sessions_.push(std::move(session), asker.network, asker.client);
    if (!is_scheduled_) serve_later();
}

/// Notifications of sockets that are ready already come first; they only add to the queue.
void ReadySessions::serve_later() {
    boost::asio::post(io_, [self = shared_from_this()] {
        self->is_scheduled_ = false;
        const std::shared_ptr<HttpSession> session = self->sessions_.pop();
        // If it throws, the next call of `add` schedules.
        if (!self->sessions_.empty()) run_task(TaskThread::io, [&self] { self->serve_later(); });
        session->proceed();
    });
    is_scheduled_ = true;
}

}  // namespace globes::net
