#include "net/ws_session.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "net/topic.h"
#include "net/ws_close.h"
#include "net/ws_hub.h"

namespace globes::net {

WsSession::WsSession(WsHub& hub, SessionId id, int fd, std::unique_ptr<WsHandler> handler)
    : hub_(hub),
      id_(id),
      fd_(fd),
      handler_(std::move(handler)),
      decoder_(hub.settings().limits),
      last_received_(hub.wheel().now()) {
    arm();
}

WsSession::~WsSession() { ::close(fd_); }

// --- reading ---------------------------------------------------------------------------------------------------------

void WsSession::start(std::string_view first_bytes, std::span<char> unread) {
    if (!first_bytes.empty()) send_or_keep(first_bytes, false);
    if (state_ != State::dropped && !unread.empty()) decode(unread);
}

void WsSession::on_readable(std::span<char> buffer) {
    const ssize_t received = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (received <= 0) return abort();
    last_received_ = hub_.wheel().now();
    pinged_ = false;
    decode(buffer.first(static_cast<std::size_t>(received)));
}

void WsSession::decode(std::span<char> bytes) {
    if (peer_closed_ || protocol_failed_) return;  // nothing may follow a close frame (RFC 6455, 5.5.1)
    if (const auto fault = decoder_.consume(bytes, *this)) {
        protocol_failed_ = true;  // what else it says can't be understood
        close(*fault);
    }
}

bool WsSession::on_text(std::string_view message) {
    if (state_ == State::open) handler_->on_text(*this, message);
    return state_ != State::dropped;
}

bool WsSession::on_ping(std::string_view payload) {
    if (state_ == State::open && handler_->on_ping(*this)) send_direct(roomlog::Opcode::pong, payload);
    return state_ != State::dropped;
}

bool WsSession::on_pong(std::string_view) { return true; }

void WsSession::on_close(CloseCode code, std::string_view) {
    peer_closed_ = true;
    if (state_ == State::open) return close(code);
    if (direct_ == nullptr) hub_.drop(*this);  // our close frame is out, theirs is here: done
}

// --- sending ---------------------------------------------------------------------------------------------------------

void WsSession::subscribe(Topic& topic, roomlog::Position from) {
    assert(topic_ == nullptr);
    topic_ = &topic;
    topic_index_ = static_cast<std::uint32_t>(topic.add(*this, fd_, from));
    topic_->set_waiting(topic_index_, want_write_);
}

void WsSession::send_direct(roomlog::Opcode opcode, std::string_view payload) {
    std::string frame;
    roomlog::append_frame(frame, opcode, payload);
    send_direct_frames(frame);
}

void WsSession::send_direct_frames(std::string_view frames) {
    if (state_ == State::open) send_or_keep(frames, true);
}

/// Nearly always the socket takes it at once, and nothing has to be kept.
void WsSession::send_or_keep(std::string_view frames, bool is_limited) {
    std::size_t taken = 0;
    if (direct_ == nullptr && !want_write_) {
        const ssize_t sent = ::send(fd_, frames.data(), frames.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return abort();
        taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
        if (taken == frames.size()) return;
    }
    const bool is_first = direct_ == nullptr;
    add_direct(roomlog::make_slice(frames), is_limited);
    if (is_first) direct_->sent = taken;
    if (direct_->limited_bytes > hub_.settings().direct_queue_bytes) return close_slow_consumer();
    if (!want_write_) block();
}

void WsSession::send_frames(roomlog::Slice frames) {
    if (state_ != State::open || frames.size == 0) return;
    add_direct(std::move(frames), false);
    if (!want_write_) flush();
}

void WsSession::when_sent(std::move_only_function<void()> then) {
    if (state_ != State::open) return;
    if (direct_ == nullptr) return then();
    direct_->then = std::move(then);
}

void WsSession::add_direct(roomlog::Slice slice, bool is_limited) {
    if (direct_ == nullptr) direct_ = std::make_unique<DirectQueue>();
    if (is_limited) direct_->limited_bytes += slice.size;
    direct_->parts.push_back({.slice = std::move(slice), .is_limited = is_limited});
}

void WsSession::on_writable() { flush(); }

// Order on the wire: the rest of a half-sent frame of the topic, then frames of its own, then the topic.
void WsSession::flush() {
    blocked_ = false;
    if (frame_end_ != 0 && (!topic_->advance(topic_index_, frame_end_) || blocked_)) return;
    frame_end_ = 0;
    if (direct_ != nullptr && !flush_direct()) return;
    if (state_ == State::closing) {
        set_want_write(false);
        if (peer_closed_) return hub_.drop(*this);
        // The peer does not follow the protocol: it gets to see the end, then its own end is awaited.
        if (protocol_failed_) ::shutdown(fd_, SHUT_WR);
        return;
    }
    if (topic_ != nullptr && (!topic_->advance(topic_index_, topic_->retained().end()) || blocked_)) return;
    set_want_write(false);
}

/// Returns false where something is left to send or the session was dropped.
bool WsSession::flush_direct() {
    while (!direct_->parts.empty()) {
        const DirectQueue::Part& part = direct_->parts.front();
        const std::string_view rest = part.slice.bytes().substr(direct_->sent);
        const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            abort();
            return false;
        }
        const auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
        if (taken < rest.size()) {
            direct_->sent += taken;
            if (taken > 0) last_progress_ = hub_.wheel().now();
            block();
            return false;
        }
        if (part.is_limited) direct_->limited_bytes -= part.slice.size;
        direct_->parts.pop_front();
        direct_->sent = 0;
    }
    auto then = std::move(direct_->then);
    direct_.reset();
    if (then && state_ == State::open) then();
    return direct_ == nullptr && state_ != State::dropped;
}

void WsSession::wait_for_room(roomlog::Position before, std::size_t taken) {
    const roomlog::Position position = before + taken;
    const roomlog::Position boundary = std::max(before, frame_end_);
    if (position >= boundary) {
        const roomlog::Position frame_end = topic_->retained().frame_boundary(boundary, position);
        frame_end_ = frame_end == position ? 0 : frame_end;
    }
    if (taken > 0) last_progress_ = hub_.wheel().now();
    block();
}

void WsSession::block() {
    blocked_ = true;
    set_want_write(true);
}

void WsSession::set_want_write(bool want) {
    if (want_write_ == want) return;
    want_write_ = want;
    if (topic_ != nullptr) {
        topic_->set_waiting(topic_index_, want);
        if (topic_->due()) hub_.queue(*topic_);
    }
    hub_.watch(*this, want);
    if (want) {
        last_progress_ = hub_.wheel().now();
        arm();
    }
}

// --- closing ---------------------------------------------------------------------------------------------------------

void WsSession::close(CloseCode code, std::string_view reason) {
    if (state_ != State::open) return;
    // What already stands in the feed goes out first, as far as the socket takes it.
    if (topic_ != nullptr && !want_write_ && !topic_->advance(topic_index_, topic_->retained().end())) return;
    begin_closing();
    std::string frame;
    roomlog::append_frame(frame, roomlog::Opcode::close, encode_close_payload(code, reason));
    add_direct(roomlog::make_slice(frame), false);
    if (!want_write_) flush();
}

void WsSession::begin_closing() {
    state_ = State::closing;
    since_ = hub_.wheel().now();
    leave_topic();
    arm();
    handler_->on_closed();
}

// The frame that is half sent is finished from here, so that the close frame finds a boundary.
void WsSession::leave_topic() {
    if (topic_ == nullptr) return;
    if (frame_end_ != 0) {
        roomlog::Position at = topic_->position(topic_index_);
        std::string rest;
        rest.reserve(frame_end_ - at);
        std::string_view view;
        while (at < frame_end_ && topic_->retained().gather(at, {&view, 1}) == 1) {
            view = view.substr(0, frame_end_ - at);
            rest.append(view);
            at += view.size();
        }
        if (direct_ == nullptr) direct_ = std::make_unique<DirectQueue>();
        direct_->parts.push_front({.slice = roomlog::make_slice(rest), .is_limited = false});
        frame_end_ = 0;
    }
    Topic& topic = *std::exchange(topic_, nullptr);
    hub_.unsubscribe(topic, topic_index_);
}

void WsSession::close_slow_consumer() {
    if (is_open()) hub_.counts_.slow_readers.add();
    close(kCloseTooSlow, "too slow");
}

void WsSession::abort() {
    if (state_ == State::open) begin_closing();
    hub_.drop(*this);
}

// --- time ------------------------------------------------------------------------------------------------------------

void WsSession::arm() {
    const WsSettings& settings = hub_.settings();
    Tick due = 0;
    if (state_ == State::closing) {
        due = since_ + settings.linger;
    } else {
        due = pinged_ ? since_ + settings.pong_within : last_received_ + settings.ping_after;
        if (want_write_) due = std::min(due, last_progress_ + settings.stalled_after);
    }
    hub_.wheel().arm(*this, due);
}

void WsSession::on_timer(Tick now) {
    const WsSettings& settings = hub_.settings();
    if (state_ == State::closing) {
        if (now - since_ >= settings.linger) return hub_.drop(*this);
    } else if (want_write_ && now - last_progress_ >= settings.stalled_after) {
        // The kernel tells of room only where a good part of its buffer is free: a slow peer may have taken less.
        flush();
        if (state_ != State::open) return;
        if (want_write_ && now - last_progress_ >= settings.stalled_after) return close_slow_consumer();
    } else if (pinged_) {
        if (now - since_ >= settings.pong_within) return close(kCloseNoPong, "no pong");
    } else if (now - last_received_ >= settings.ping_after) {
        pinged_ = true;
        since_ = now;
        send_direct(roomlog::Opcode::ping, {});
        if (state_ != State::open) return;
    }
    arm();
}

}  // namespace globes::net
