#include "bench/worker.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/big_endian.h"
#include "bench/client_messages.h"
#include "bench/run.h"

namespace globes::bench {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
// Few at a time, because due messages of the open loop are sent between them.
constexpr std::size_t kEventsAtOnce = 32;
// The phase is checked at least this often.
constexpr std::int64_t kMaxWaitNs = 20'000'000;
// The kernel's default of 50 µs would be part of every latency in open loop.
constexpr unsigned long kTimerSlackNs = 1;
constexpr int kNoCloseCode = 1006;
constexpr int kGoodbye = 1000;

std::vector<std::uint32_t> count_residents(const RunState& state, const WorkPlan& plan) {
    std::vector<std::uint32_t> residents(state.room_names.size());
    for (const auto& connection : plan.connections) residents[connection.room] += connection.role == Role::member;
    return residents;
}

std::string join_event(std::string_view name) {
    return fmt::format(R"({{"event_type":"join","name":"{}","msg":""}})", name);
}

int close_code(std::string_view payload) {
    if (payload.size() < 2) return kNoCloseCode;
    return static_cast<int>(read_big_endian(payload.substr(0, 2)));
}

}  // namespace

Worker::Worker(RunState& state, WorkPlan plan)
    : state_(state),
      plan_(std::move(plan)),
      server_(make_endpoint(state.options.host, state.options.port)),
      traffic_(state, counters_, count_residents(state, plan_)),
      buffer_(kBufferBytes),
      poller_(::epoll_create1(EPOLL_CLOEXEC)) {
    connections_.reserve(plan_.connections.size() + plan_.guests);
    for (const auto& [role, room, sender_index] : plan_.connections) {
        Connection& connection = connections_.emplace_back(role, room);
        if (sender_index < 0) continue;
        traffic_.make_sender(connection.participant, static_cast<std::uint32_t>(sender_index));
        senders_.push_back(static_cast<std::uint32_t>(connections_.size() - 1));
    }
    for (std::uint32_t i = 0; i < plan_.guests; ++i) {
        free_guests_.push_back(static_cast<std::uint32_t>(connections_.size()));
        connections_.emplace_back(Role::guest, (plan_.index + i) % state.options.rooms);
    }
}

void Worker::run() {
    ::prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
    if (plan_.ramp_per_s > 0) opening_ = Pace(now_ns(), plan_.ramp_per_s);
    while (state_.phase.load(std::memory_order_relaxed) != Phase::stopping) {
        const std::int64_t now = now_ns();
        open_due(now);
        talk(now);
        wait_and_serve(now);
    }
    finish();
}

void Worker::open_due(std::int64_t now) {
    while (next_to_open_ < plan_.connections.size() && handshakes_ < plan_.handshakes) {
        if (plan_.ramp_per_s > 0 && !opening_.take(now)) return;
        open(connections_[next_to_open_++]);
    }
}

void Worker::talk(std::int64_t now) {
    if (state_.phase.load(std::memory_order_relaxed) != Phase::talking) {
        is_talking_ = false;
        return;
    }
    if (!std::exchange(is_talking_, true)) {
        if (plan_.rate_per_s > 0) sending_ = Pace(now, plan_.rate_per_s);
        if (plan_.churn_per_s > 0) churning_ = Pace(now, plan_.churn_per_s);
        if (!state_.options.is_open_loop()) {
            for (const std::uint32_t sender : senders_) top_up(connections_[sender]);
        }
    }
    send_due(now);
    churn(now);
}

void Worker::send_due(std::int64_t now) {
    if (!is_talking_) return;
    while (const auto due_ns = sending_.take(now)) {
        Connection& connection = connections_[senders_[(sending_.taken() - 1) % senders_.size()]];
        if (connection.state != Connection::State::open) continue;
        if (state_.in_window(*due_ns)) traffic_.findings().send_lag_ns.record(now - *due_ns);
        traffic_.compose(connection.participant, *due_ns, connection.out());
        flush(connection);
    }
}

void Worker::churn(std::int64_t now) {
    while (!visits_.empty() && visits_.front().leave_ns <= now) {
        Connection& guest = connections_[visits_.front().tag & 0xffffffff];
        if (tag_of(guest) == visits_.front().tag && guest.state == Connection::State::open) leave(guest);
        visits_.pop_front();
    }
    // If no guest's connection is free, the server has not finished earlier leaves; due guests join as soon as one is.
    while (!free_guests_.empty() && churning_.take(now)) {
        Connection& guest = connections_[free_guests_.back()];
        free_guests_.pop_back();
        open(guest);
    }
}

std::int64_t Worker::next_due_ns() const {
    std::int64_t due = Pace::kNever;
    if (next_to_open_ < plan_.connections.size() && handshakes_ < plan_.handshakes) due = opening_.next_ns();
    if (!is_talking_) return due;
    due = std::min(due, sending_.next_ns());
    if (!free_guests_.empty()) due = std::min(due, churning_.next_ns());
    if (!visits_.empty()) due = std::min(due, visits_.front().leave_ns);
    return due;
}

void Worker::wait_and_serve(std::int64_t now) {
    const std::int64_t wait_ns = std::clamp<std::int64_t>(next_due_ns() - now, 0, kMaxWaitNs);
    const timespec timeout{.tv_sec = 0, .tv_nsec = wait_ns};
    std::array<epoll_event, kEventsAtOnce> events;
    const int count = ::epoll_pwait2(poller_.get(), events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < count; ++i) serve(events[static_cast<std::size_t>(i)]);
}

void Worker::open(Connection& connection) {
    const auto& options = state_.options;
    const sockaddr_in source = source_address(static_cast<std::uint32_t>(sources_used_++ % plan_.sources));
    const std::string request =
        upgrade_request(options.host, options.port, room_path(options, state_.room_names[connection.participant.room]));
    ++handshakes_;
    // With one source address, use the system's default: a server that is not on loopback could not answer 127.0.0.1.
    if (!connection.start(server_, plan_.sources > 1 ? &source : nullptr, request, options.with_tls)) {
        return refuse(connection, std::strerror(errno));
    }
    watch(connection, EPOLL_CTL_ADD);
}

std::uint64_t Worker::tag_of(const Connection& connection) const {
    const auto slot = static_cast<std::uint64_t>(&connection - connections_.data());
    return std::uint64_t{connection.generation} << 32 | slot;
}

void Worker::watch(Connection& connection, int operation) {
    connection.waits_for_output = connection.has_output();
    epoll_event interest{};
    const bool is_read =
        connection.participant.role != Role::stalled || connection.state == Connection::State::handshake;
    interest.events = is_read ? static_cast<std::uint32_t>(EPOLLIN) : 0u;
    if (connection.waits_for_output) interest.events |= static_cast<std::uint32_t>(EPOLLOUT);
    interest.data.u64 = tag_of(connection);
    ::epoll_ctl(poller_.get(), operation, connection.fd(), &interest);
}

void Worker::serve(const epoll_event& event) {
    Connection& connection = connections_[event.data.u64 & 0xffffffff];
    // The connection may have been given to another guest since then.
    if (tag_of(connection) != event.data.u64 || connection.state == Connection::State::closed) return;
    if ((event.events & EPOLLOUT) != 0) flush(connection);
    if (connection.state == Connection::State::closed) return;
    if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) receive(connection);
}

void Worker::receive(Connection& connection) {
    const ssize_t n = connection.receive(buffer_);
    const std::int64_t now = now_ns();
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return end(connection, kNoCloseCode);
    std::string_view bytes = connection.join_kept(std::string_view(buffer_.data(), static_cast<std::size_t>(n)));
    if (connection.state == Connection::State::handshake) {
        std::string answer;
        switch (connection.read_handshake(bytes, answer)) {
            case Connection::Handshake::incomplete:
                return connection.keep(bytes);
            case Connection::Handshake::refused:
                return refuse(connection, std::move(answer));
            case Connection::Handshake::accepted:
                on_open(connection);
        }
    }
    while (const auto frame = read_server_frame(bytes)) {
        if (!on_frame(connection, *frame, now)) return;
        bytes.remove_prefix(frame->size);
    }
    connection.keep(bytes);
    if (connection.participant.sender != nullptr && is_talking_ && !state_.options.is_open_loop()) top_up(connection);
    flush(connection);
}

bool Worker::on_frame(Connection& connection, const ServerFrame& frame, std::int64_t now) {
    if (!frame.is_valid) {
        end(connection, kNoCloseCode);
        return false;
    }
    switch (frame.opcode) {
        case kText:
            if (state_.options.protocol == Protocol::centrifuge) {
                on_centrifuge(connection, frame.payload, now);
            } else {
                traffic_.on_text(connection.participant, frame.payload, now);
            }
            return true;
        case kPing:
            append_client_frame(connection.out(), kPong, frame.payload);
            return true;
        case kClose:
            end(connection, close_code(frame.payload));
            return false;
        default:
            return true;
    }
}

void Worker::on_centrifuge(Connection& connection, std::string_view lines, std::int64_t now) {
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        switch (classify_centrifuge(line)) {
            case CentrifugeMessage::push:
                traffic_.on_text(connection.participant, line, now);
                break;
            case CentrifugeMessage::subscribed:
                on_ready(connection);
                break;
            case CentrifugeMessage::ping:
                append_client_frame(connection.out(), kText, kCentrifugePong);
                break;
            case CentrifugeMessage::error:
                traffic_.on_error(connection.participant, line);
                break;
            case CentrifugeMessage::other:
                break;
        }
    }
}

void Worker::on_open(Connection& connection) {
    if (state_.options.protocol != Protocol::centrifuge) return on_ready(connection);
    append_client_frame(connection.out(), kText, centrifuge_greeting(state_.room_names[connection.participant.room]));
}

void Worker::on_ready(Connection& connection) {
    --handshakes_;
    const auto slot = &connection - connections_.data();
    switch (connection.participant.role) {
        case Role::guest:
            counters_.guests.add();
            append_client_frame(connection.out(), kText,
                                join_event(fmt::format("guest-{}-{}", plan_.index, ++guests_named_)));
            visits_.push_back({now_ns() + state_.options.stay_ms * std::int64_t{1'000'000}, tag_of(connection)});
            return;
        case Role::member:
            if (state_.options.join) {
                const std::string name = connection.participant.sender != nullptr
                                             ? fmt::format("bench-{}", connection.participant.sender->id)
                                             : fmt::format("member-{}-{}", plan_.index, slot);
                append_client_frame(connection.out(), kText, join_event(name));
            }
            break;
        case Role::stalled:
            watch(connection, EPOLL_CTL_MOD);
            break;
        case Role::idle:
            break;
    }
    counters_.opened.add();
    last_opened_ns_ = now_ns();
}

void Worker::top_up(Connection& connection) {
    while (connection.participant.sender->in_flight < state_.options.window) {
        traffic_.compose(connection.participant, now_ns(), connection.out());
    }
    flush(connection);
}

void Worker::flush(Connection& connection) {
    if (!connection.flush()) return end(connection, kNoCloseCode);
    if (connection.has_output() != connection.waits_for_output) watch(connection, EPOLL_CTL_MOD);
}

void Worker::leave(Connection& connection) {
    const std::array<char, 2> code = {static_cast<char>(kGoodbye >> 8), static_cast<char>(kGoodbye & 0xff)};
    append_client_frame(connection.out(), kClose, {code.data(), code.size()});
    connection.state = Connection::State::closing;
    flush(connection);
}

void Worker::end(Connection& connection, int code) {
    if (connection.state == Connection::State::handshake) return refuse(connection, "closed during the handshake");
    // The server is expected to close a connection that never reads.
    if (connection.state != Connection::State::closing && connection.participant.role != Role::stalled) {
        ++drops_[code];
        counters_.dropped.add();
    }
    connection.close();
    if (connection.participant.role != Role::guest) return;
    traffic_.release(connection.participant);
    free_guests_.push_back(static_cast<std::uint32_t>(&connection - connections_.data()));
}

void Worker::refuse(Connection& connection, std::string reason) {
    --handshakes_;
    if (first_refusal_.empty()) first_refusal_ = std::move(reason);
    counters_.failed.add();
    connection.close();
    if (connection.participant.role == Role::guest) {
        free_guests_.push_back(static_cast<std::uint32_t>(&connection - connections_.data()));
    }
}

void Worker::finish() {
    std::vector<const Participant*> stayed;
    for (Connection& connection : connections_) {
        if (connection.state == Connection::State::closed) continue;
        if (connection.participant.role == Role::member) stayed.push_back(&connection.participant);
        if (connection.participant.role == Role::guest) traffic_.release(connection.participant);
    }
    traffic_.finish(stayed);
    for (Connection& connection : connections_) connection.close();
}

}  // namespace globes::bench
