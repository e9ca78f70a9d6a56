#include "net/ws_session.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <string>
#include <utility>

#include "base/task_boundary.h"

namespace globes::net {
namespace {

/// The socket has no room or no input now; the call may succeed later.
bool is_temporary(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

WsSession::WsSession(WsSessionOwner& owner, SessionId id, StreamSocket socket, std::unique_ptr<WsHandler> handler,
                     PollOrder::Connection place)
    : owner_(owner),
      place_(std::move(place)),
      id_(id),
      handler_(std::move(handler)),
      socket_(std::move(socket)),
      decoder_(owner.settings().limits),
      last_received_(owner.wheel().now()) {
    arm();
}

/// The session may have stopped in the middle of a frame, so it cannot continue after an exception.
template <class Act>
void WsSession::run_or_abort(Act act) {
    try {
        act();
    } catch (...) {
        abort();
        throw;
    }
}

// --- reading ---------------------------------------------------------------------------------------------------------

void WsSession::start(std::string_view first_bytes, std::span<char> unread) {
    assert(state_ == State::open && direct_.empty());
    run_or_abort([&] {
        if (!first_bytes.empty()) send_or_queue(first_bytes, DirectQueue::Limit::exempt);
        if (!is_dropped() && !unread.empty()) decode(unread);
    });
}

void WsSession::on_readable(std::span<char> buffer) {
    assert(!is_dropped());
    const ssize_t received = socket_.receive(buffer);
    const bool has_nothing = received < 0 && is_temporary(errno);
    if (received <= 0 && !has_nothing) return abort();
    // TLS may have answered by itself, for example to an update of the peer's keys.
    if (socket_.unsent() > 0) run_or_abort([this] { wait_for_socket(true); });
    if (has_nothing) return;
    if (state_ != State::open) {
        closing_bytes_ += static_cast<std::uint32_t>(received);
        if (closing_bytes_ > owner_.settings().closing_bytes) return abort();
    }
    last_received_ = owner_.wheel().now();
    is_pinged_ = false;
    run_or_abort([&] { decode(buffer.first(static_cast<std::size_t>(received))); });
}

void WsSession::decode(std::span<char> bytes) {
    if (!decodes()) return;
    has_ended_message_ = false;
    if (const auto fault = decoder_.consume(bytes, *this)) fail(*fault);
    const bool had_partial = std::exchange(has_partial_, decoder_.buffered_bytes() > 0);
    if (!has_partial_ || (had_partial && !has_ended_message_) || state_ != State::open) return;
    partial_since_ = owner_.wheel().now();
    arm();
}

bool WsSession::on_text(std::string_view message) {
    has_ended_message_ = true;
    if (state_ == State::open) handler_->on_text(*this, message);
    return decodes();
}

bool WsSession::on_ping(std::string_view payload) {
    if (state_ == State::open && handler_->on_ping(*this)) send_direct(roomlog::Opcode::pong, payload);
    return decodes();
}

bool WsSession::on_pong(std::string_view) { return on_fragment(); }

bool WsSession::on_fragment() {
    if (state_ == State::open) handler_->on_other_frame(*this);
    return decodes();
}

void WsSession::on_close(CloseCode code, std::string_view) {
    if (state_ == State::open) return close_as(State::peer_closed, code, {});
    assert(state_ == State::closing);
    state_ = State::peer_closed;
    if (direct_.empty()) flush();
}

/// The rest of the peer's bytes cannot be decoded.
void WsSession::fail(CloseCode code) {
    if (state_ == State::open) return close_as(State::failed, code, {});
    if (state_ != State::closing) return;
    state_ = State::failed;
    if (direct_.empty()) flush();
}

// --- sending ---------------------------------------------------------------------------------------------------------
//
// Order on the wire: the rest of a half-sent frame of the topic, then the direct queue, then the topic. At most one of
// the two has a half-sent frame, and the session waits for the socket as long as it has one.

void WsSession::subscribe(Topic& topic, roomlog::Position from) {
    assert(state_ == State::open && topic_ == nullptr);
    cursor_ = topic.add(socket_.target(), from, id_);
    topic_ = &topic;
    if (waits_for_socket_) topic.block(cursor_);
}

void WsSession::send_direct(roomlog::Opcode opcode, std::string_view payload) {
    run_or_abort([&] {
        std::string frame;
        roomlog::append_frame(frame, opcode, payload);
        send_direct_frames(frame);
    });
}

void WsSession::send_direct_frames(std::string_view frames) {
    if (state_ != State::open || frames.empty()) return;
    run_or_abort([&] { send_or_queue(frames, DirectQueue::Limit::counted); });
}

/// Nearly always the socket takes everything at once, and nothing is queued.
void WsSession::send_or_queue(std::string_view frames, DirectQueue::Limit limit) {
    assert(!is_dropped());
    std::size_t sent = 0;
    if (!waits_for_socket_) {
        assert(direct_.empty());
        const auto taken = try_send(frames);
        if (!taken) return abort();
        if (*taken == frames.size()) return;
        sent = *taken;
    }
    direct_.push(roomlog::make_slice(frames), limit, sent);
    if (direct_.counted_bytes() > owner_.settings().direct_queue_bytes) close_slow_consumer();
}

void WsSession::send_frames(roomlog::Slice frames) {
    if (state_ != State::open || frames.size == 0) return;
    run_or_abort([&] {
        direct_.push(std::move(frames), DirectQueue::Limit::exempt);
        if (!waits_for_socket_) flush();
    });
}

void WsSession::when_sent(DirectQueue::Callback then) {
    if (state_ != State::open) return;
    if (direct_.empty()) return then();
    direct_.when_empty(std::move(then));
}

/// Sends direct bytes and returns how many the socket has taken, or nothing if the connection is lost. If it has not
/// taken all of them, the cursor is blocked before this returns: no byte of the topic can follow a half-sent frame.
std::optional<std::size_t> WsSession::try_send(std::string_view bytes) {
    const ssize_t sent = socket_.send(bytes);
    if (sent < 0 && !is_temporary(errno)) return std::nullopt;
    const auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    if (taken > 0) last_progress_ = owner_.wheel().now();
    if (taken < bytes.size() || socket_.unsent() > 0) wait_for_socket(true);
    return taken;
}

void WsSession::on_writable() {
    assert(!is_dropped());
    run_or_abort([this] { flush(); });
}

void WsSession::flush() {
    if (!flush_unsent() || !finish_frame() || !flush_direct()) return;
    switch (state_) {
        case State::open:
            if (catch_up()) wait_for_socket(false);
            return;
        case State::closing:
            return wait_for_socket(false);
        case State::peer_closed:
            return drop();
        case State::failed:
            wait_for_socket(false);
            socket_.shut_down_sending();
            return;
        case State::dropped:
            return;
    }
}

/// Returns false if the socket is still full or the session was dropped.
bool WsSession::flush_unsent() {
    const std::size_t before = socket_.unsent();
    const bool is_flushed = socket_.flush();
    const int error = errno;
    if (socket_.unsent() < before) last_progress_ = owner_.wheel().now();
    if (!is_flushed && !is_temporary(error)) abort();
    return is_flushed;
}

/// Returns false if the direct queue is not empty afterwards, its end is unsent, or the session was dropped.
bool WsSession::flush_direct() {
    while (!direct_.empty()) {
        const std::string_view bytes = direct_.next();
        const auto taken = try_send(bytes);
        if (!taken) {
            abort();
            return false;
        }
        const bool is_taken = *taken == bytes.size();
        direct_.pop(*taken);
        if (!is_taken || socket_.unsent() > 0) return false;
    }
    if (DirectQueue::Callback then = direct_.finish(); then && state_ == State::open) then();
    return direct_.empty() && !is_dropped();
}

/// Returns true if the topic is at a frame boundary on this connection afterwards.
bool WsSession::finish_frame() {
    if (topic_ == nullptr) return true;
    const roomlog::Position before = topic_->position(cursor_);
    return moved(before, topic_->finish_frame(cursor_));
}

/// Returns true if the session has sent everything that the topic holds.
bool WsSession::catch_up() {
    if (!direct_.empty()) return false;  // direct frames come first, and one may be half sent
    if (topic_ == nullptr) return true;
    const roomlog::Position before = topic_->position(cursor_);
    return moved(before, topic_->catch_up(cursor_));
}

bool WsSession::moved(roomlog::Position before, CursorState state) {
    if (topic_->position(cursor_) > before) last_progress_ = owner_.wheel().now();
    take(state);
    return state == CursorState::done;
}

void WsSession::on_cursor(CursorState state) {
    run_or_abort([&] { take(state); });
}

void WsSession::take(CursorState state) {
    assert(topic_ != nullptr);
    switch (state) {
        case CursorState::done:
            return;
        case CursorState::blocked:
            return wait_for_socket(true);
        case CursorState::lost:
            return abort();
        case CursorState::behind:
            return close_slow_consumer();
    }
}

void WsSession::wait_for_socket(bool wait) {
    assert(wait || (direct_.empty() && socket_.unsent() == 0));
    if (waits_for_socket_ == wait) return;
    waits_for_socket_ = wait;
    if (topic_ != nullptr) {
        if (wait) {
            topic_->block(cursor_);
        } else {
            topic_->unblock(cursor_);
        }
        owner_.reschedule(*topic_);
    }
    owner_.watch(*this, wait);
    if (wait) {
        last_progress_ = owner_.wheel().now();
        arm();
    }
}

// --- closing ---------------------------------------------------------------------------------------------------------

void WsSession::close(CloseCode code, std::string_view reason) {
    run_or_abort([&] { close_as(State::closing, code, reason); });
}

void WsSession::close_flood() {
    run_or_abort([this] { close_as(State::failed, kCloseTooManyMessages, close_code_name(kCloseTooManyMessages)); });
}

void WsSession::close_slow_consumer() {
    if (state_ == State::open) {
        owner_.count_slow_consumer();
        handler_->on_slow_consumer();
    }
    close_as(State::closing, kCloseTooSlow, "too slow");
}

void WsSession::close_as(State next, CloseCode code, std::string_view reason) {
    if (state_ != State::open) return;
    // The frames that the topic already holds come before the close frame, as far as the socket takes them.
    if (!waits_for_socket_) catch_up();
    if (state_ != State::open) return;  // the connection is lost
    leave_open(next);
    std::string frame;
    roomlog::append_frame(frame, roomlog::Opcode::close, encode_close_payload(code, reason));
    direct_.push(roomlog::make_slice(frame), DirectQueue::Limit::exempt);
    if (!waits_for_socket_) flush();
    if (!is_dropped()) look_at_send_queue();
}

void WsSession::leave_open(State next) {
    assert(state_ == State::open && next != State::open && next != State::dropped);
    state_ = next;
    since_ = left_open_ = owner_.wheel().now();
    arm();
    handler_->on_closed();
    keep_rest_of_frame();
    leave_topic();
}

/// Moves the rest of a half-sent frame into the direct queue, so that the close frame follows at a frame boundary.
void WsSession::keep_rest_of_frame() {
    if (topic_ == nullptr) return;
    const std::string rest = topic_->unsent_of_frame(cursor_);
    if (rest.empty()) return;
    assert(waits_for_socket_);
    direct_.push_rest(roomlog::make_slice(rest));
}

void WsSession::leave_topic() {
    if (topic_ == nullptr) return;
    Topic& topic = *std::exchange(topic_, nullptr);
    topic.remove(cursor_);
    owner_.reschedule(topic);
}

void WsSession::abort() {
    if (state_ == State::open) run_task(TaskThread::io, [this] { leave_open(State::closing); });
    drop();
}

void WsSession::drop() {
    const State last = std::exchange(state_, State::dropped);
    if (last == State::dropped) return;
    if (last == State::peer_closed && socket_.is_encrypted()) socket_.shut_down_sending();
    run_task(TaskThread::io, [this] { leave_topic(); });  // an exception may have kept the session from it
    owner_.release(*this);
}

// --- time ------------------------------------------------------------------------------------------------------------

void WsSession::arm() {
    const WsSettings& settings = owner_.settings();
    Tick due = 0;
    if (state_ != State::open) {
        due = std::min(since_ + settings.close_timeout, left_open_ + settings.longest_close);
    } else {
        due = is_pinged_ ? since_ + settings.pong_within : last_received_ + settings.ping_after;
        if (waits_for_socket_) due = std::min(due, last_progress_ + settings.stalled_after);
        if (has_partial_) due = std::min(due, partial_since_ + settings.message_within);
    }
    owner_.wheel().arm(*this, due);
}

/// One system call: for deadlines, not for frames.
void WsSession::look_at_send_queue() {
    tcp_info info{};  // stays zero for other sockets than TCP and for fields that the kernel does not know
    socklen_t size = sizeof info;
    ::getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &info, &size);
    is_backed_up_ = waits_for_socket_ || info.tcpi_notsent_bytes > 0;
    acknowledged_ = info.tcpi_bytes_acked;
}

/// Called at the deadline of a ping or a close frame. A slow peer reads it only after all that was sent before, which
/// may be megabytes in the kernel's buffer. So the deadline moves on if the peer had no room for some bytes at the last
/// look and has taken bytes since. Bytes that it had room for prove nothing: the kernel of a peer that hangs takes
/// them.
bool WsSession::still_reads(Tick now) {
    const bool was_backed_up = is_backed_up_;
    const std::uint64_t before = acknowledged_;
    look_at_send_queue();
    if (!was_backed_up || acknowledged_ == before) return false;
    since_ = now;
    return true;
}

void WsSession::on_timer(Tick now) {
    if (!is_dropped()) run_or_abort([&] { check_deadlines(now); });
}

void WsSession::check_deadlines(Tick now) {
    const WsSettings& settings = owner_.settings();
    if (state_ != State::open) {
        if (now - left_open_ >= settings.longest_close) return drop();
        if (now - since_ >= settings.close_timeout && !still_reads(now)) return drop();
    } else if (has_partial_ && now - partial_since_ >= settings.message_within) {
        return close_as(State::closing, kCloseTooSlow, "too slow");
    } else if (waits_for_socket_ && now - last_progress_ >= settings.stalled_after) {
        // The kernel reports room only if a good part of its buffer is free: a slow peer may have taken less than that.
        flush();
        if (state_ != State::open) return;
        if (waits_for_socket_ && now - last_progress_ >= settings.stalled_after) return close_slow_consumer();
    } else if (is_pinged_) {
        if (now - since_ >= settings.pong_within && !still_reads(now))
            return close_as(State::closing, kCloseNoPong, "no pong");
    } else if (now - last_received_ >= settings.ping_after) {
        is_pinged_ = true;
        since_ = now;
        send_direct(roomlog::Opcode::ping, {});
        if (state_ != State::open) return;
        look_at_send_queue();
    }
    arm();
}

}  // namespace globes::net
