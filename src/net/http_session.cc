#include "net/http_session.h"

#include <boost/asio/error.hpp>
#include <utility>
#include <vector>

#include "base/task_boundary.h"

namespace globes::net {
namespace {

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

HttpSession::HttpSession(HttpHub& hub, FileDescriptor socket, std::string peer_address)
    : hub_(hub),
      peer_address_(std::move(peer_address)),
      socket_(hub.context_, std::move(socket)),
      reader_(hub.settings_.limits),
      served_at_(hub.clock_.steady()) {}

/// Closes the connection after an exception, because its state is unknown then.
template <class Act>
void HttpSession::run_or_close(Act act) noexcept {
    if (!run_task(TaskThread::io, std::move(act))) close();
}

void HttpSession::start() {
    run_or_close([this] {
        arm(hub_.settings_.idle_timeout);
        on_readable();
    });
}

/// The current tick does not count, because a load balancer may reuse a connection until just before its timeout.
void HttpSession::arm(Tick wait) { hub_.wheel_.arm(*this, hub_.wheel_.now() + wait + 1); }

void HttpSession::stop() {
    // An incomplete request is abandoned.
    if (state_ != State::serving && state_ != State::writing) close();
}

void HttpSession::close() {
    if (state_ == State::closed) return;
    const auto self = weak_from_this().lock();  // unlike shared_from_this, it never throws; destructors call this
    state_ = State::closed;
    socket_.close();
    hub_.sessions_.erase(self);
}

/// A timeout counts from the start of its state: a client that sends a few bytes at a time does not extend it.
void HttpSession::enter(State state) {
    if (std::exchange(state_, state) == state) return;
    if (const auto wait = timeout()) arm(*wait);
}

std::optional<Tick> HttpSession::timeout() const {
    const HttpSettings& settings = hub_.settings_;
    switch (state_) {
        case State::idle:
            return settings.idle_timeout;
        case State::reading_head:
        case State::reading_body:
            return settings.read_timeout;
        case State::writing:
            return settings.write_timeout;
        case State::draining:
            return settings.drain_timeout;
        case State::serving:
        case State::closed:
            break;
    }
    return std::nullopt;
}

void HttpSession::on_timer(Tick) {
    const auto self = shared_from_this();
    if (state_ == State::reading_head || state_ == State::reading_body) {
        socket_.cancel();  // the wait for more bytes
        return run_or_close([this] { refuse({408}); });
    }
    if (state_ == State::writing) {
        // The kernel reports room only if a good part of its buffer is free: a slow client may have taken less than
        // that.
        socket_.cancel();  // the wait for room
        bool has_taken = false;
        run_or_close([&] { has_taken = flush(); });
        if (!has_taken) close();
        return;
    }
    // While a request is served, the timer of an earlier state may fire; it is ignored.
    if (state_ != State::serving) close();
}

// --- reading ---------------------------------------------------------------------------------------------------------

void HttpSession::wait_readable() {
    socket_.wait(HttpSocket::kReadable, [self = shared_from_this()](const error_code& error) {
        if (!error) self->run_or_close([&self] { self->on_readable(); });
    });
}

void HttpSession::on_readable() {
    // The socket was already readable when the timeout refused the request. Nothing is read until the refusal is sent.
    if (state_ == State::closed || state_ == State::writing) return;
    error_code error;
    const std::size_t count = socket_.read(hub_.read_buffer_, error);
    if (is_temporary(error)) return wait_readable();
    if (error) return close();  // also for EOF: every response was sent before
    if (state_ != State::draining) return process({hub_.read_buffer_.data(), count});
    drained_ += count;
    if (drained_ > hub_.settings_.drain_bytes) return close();
    wait_readable();
}

void HttpSession::process(std::string_view bytes) {
    processing_ = true;
    auto outcome = reader_.consume(bytes);
    while (outcome) {
        if (!*outcome) {
            refuse(outcome->error());
            break;
        }
        serve(std::move(**outcome));
        if (state_ != State::idle) break;
        outcome = reader_.consume({});
    }
    processing_ = false;
    if (!outcome) await_more();
}

void HttpSession::await_more() {
    if (hub_.stopping_) return drain();
    if (reader_.is_idle()) {
        enter(State::idle);
    } else {
        enter(reader_.is_in_body() ? State::reading_body : State::reading_head);
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

void HttpSession::serve(HttpRequest request) {
    request.peer_address = peer_address_;
    served_at_ = hub_.clock_.steady();
    enter(State::serving);
    // If the handler throws, the destructor of its exchange responds, unless another owner of the exchange does.
    run_task(TaskThread::io,
             [&] { hub_.handler_(std::make_shared<HttpExchange>(shared_from_this(), std::move(request))); });
}

void HttpSession::refuse(HttpRefusal refusal) {
    served_at_ = hub_.clock_.steady();
    HttpRequest refused = reader_.take_refused();
    refused.peer_address = peer_address_;
    send(hub_.settings_.refusal(refused, refusal.status), refused, false);
}

void HttpSession::respond(const HttpRequest& request, const HttpResponse& response) {
    if (state_ != State::serving) return;
    run_or_close([&] { send(response, request, request.keep_alive && !response.close && !hub_.stopping_); });
}

/// Does not use the hub if the connection is closed, because the hub may be destroyed then.
void HttpSession::fail(const HttpRequest& request) noexcept {
    if (state_ != State::serving) return;
    constexpr int kInternalServerError = 500;
    run_or_close([&] { respond(request, hub_.settings_.refusal(request, kInternalServerError)); });
}

std::optional<HttpExchange::Upgraded> HttpSession::take_over(const HttpRequest& request) {
    if (state_ != State::serving) return std::nullopt;
    HttpExchange::Upgraded upgraded{socket_.release(), reader_.take_unread()};
    close();
    if (hub_.settings_.on_finished) {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(hub_.clock_.steady() - served_at_);
        hub_.settings_.on_finished(request, 101, 0, took);
    }
    return upgraded;
}

void HttpSession::send(const HttpResponse& response, const HttpRequest& request, bool keep_alive) {
    const AnswerForm form{
        .head = request.method == "HEAD", .keep_alive = keep_alive, .minor_version = request.minor_version};
    output_ = write_response(response, form, hub_.clock_.now_us());
    last_answer_ = !keep_alive;
    if (hub_.settings_.on_finished) {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(hub_.clock_.steady() - served_at_);
        hub_.settings_.on_finished(request, response.status, response.body.size(), took);
    }
    enter(State::writing);
    flush();
}

/// Returns whether the socket has taken bytes of the response.
bool HttpSession::flush() {
    bool has_taken = false;
    while (sent_ < output_.size()) {
        error_code error;
        const std::size_t count = socket_.write(std::string_view(output_).substr(sent_), error);
        if (is_temporary(error)) {
            wait_writable();
            return has_taken;
        }
        if (error) {
            close();
            return has_taken;
        }
        has_taken = true;
        sent_ += count;
        arm(hub_.settings_.write_timeout);
    }
    std::string().swap(output_);  // frees the memory; an assignment would not
    sent_ = 0;
    if (last_answer_) {
        drain();
    } else {
        enter(State::idle);
        if (!processing_) process({});
    }
    return has_taken;
}

void HttpSession::wait_writable() {
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

HttpHub::HttpHub(boost::asio::io_context& context, TimerWheel& wheel, std::span<char> read_buffer, const Clock& clock,
                 HttpSettings settings, HttpHandler handler)
    : context_(context),
      wheel_(wheel),
      read_buffer_(read_buffer),
      clock_(clock),
      settings_(std::move(settings)),
      handler_(std::move(handler)) {}

HttpHub::~HttpHub() {
    while (!sessions_.empty()) (*sessions_.begin())->close();
}

void HttpHub::adopt(FileDescriptor socket, std::string peer_address) {
    if (stopping_) return;
    const auto session = std::make_shared<HttpSession>(*this, std::move(socket), std::move(peer_address));
    sessions_.insert(session);
    session->start();
}

void HttpHub::stop() {
    stopping_ = true;
    const std::vector<std::shared_ptr<HttpSession>> sessions(sessions_.begin(), sessions_.end());
    for (const auto& session : sessions) session->stop();
}

}  // namespace globes::net
