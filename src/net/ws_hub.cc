#include "net/ws_hub.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/task_boundary.h"

namespace globes::net {
namespace {

using std::chrono::steady_clock;

// Topics that are due are served round robin, this many cursors at a time. A small room waits for at most 64 sends of a
// huge one, not for 10,000.
constexpr std::size_t kQuantumCursors = 64;
// After this many cursors the sockets are read again, so that messages that have arrived join the next fan-outs.
constexpr std::size_t kIterationCursors = 128;
// The budget of an iteration for reading, of all clients together. One socket may exceed it.
constexpr std::chrono::milliseconds kPollTime{5};

FileDescriptor make_epoll() {
    FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.is_open()) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    return epoll;
}

}  // namespace

WsHub::WsHub(unsigned thread, WsSettings settings) : thread_(thread), settings_(settings), epoll_(make_epoll()) {}

SessionId WsHub::next_id() { return SessionId{thread_} << 56 | ++last_id_; }

WsSession* WsHub::adopt(SessionId id, StreamSocket socket, std::string_view first_bytes, std::span<char> unread,
                        std::unique_ptr<WsHandler> handler, Asker asker) {
    assert(id >> 56 == thread_ && !sessions_.contains(id));
    WsSessionOwner& owner = *this;
    auto owned =
        std::make_unique<WsSession>(owner, id, std::move(socket), std::move(handler), order_.open_connection(asker));
    WsSession& session = *owned;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &session;
    sessions_.emplace(id, std::move(owned));
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, session.fd(), &event) != 0) {
        session.abort();
        return nullptr;
    }
    session.start(first_bytes, unread);
    return find(id);
}

WsSession* WsHub::find(SessionId id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second.get();
}

void WsHub::subscribe(WsSession& session, TopicId id, roomlog::Position from) {
    if (!session.is_open()) return;
    assert(find(session.id()) == &session);
    auto& topic = topics_[id];
    if (topic == nullptr) topic = std::make_unique<Topic>(id, settings_.backlog_bytes, gather_cache_, counts_);
    session.subscribe(*topic, from);
    if (topic->due()) queue(*topic);
}

void WsHub::reschedule(Topic& topic) {
    if (topic.empty()) empty_topics_.push_back(topic.id());
    if (topic.due()) queue(topic);
}

void WsHub::extend(TopicId id, const roomlog::Slice& slice) {
    const auto found = topics_.find(id);
    if (found == topics_.end()) return;
    Topic& topic = *found->second;
    if (topic.has_gap_before(slice)) abort_all(topic);
    try {
        topic.extend(slice);
        queue(topic);
    } catch (...) {
        abort_all(topic);
        throw;
    }
}

/// The topic cannot continue, because it has lost a slice. The clients resume with new connections.
void WsHub::abort_all(Topic& topic) {
    while (!topic.empty()) find(topic.any_subscriber())->abort();
}

void WsHub::queue(Topic& topic) {
    if (topic.queued) return;
    if (topic.lingers_until == steady_clock::time_point{}) {
        due_.push_back(&topic);
    } else {
        lingering_.push_back(&topic);
    }
    topic.queued = true;
}

void WsHub::poll(std::span<char> buffer) {
    // A loop until nothing is ready, or one over all sockets, would let a flood of input delay fan-out. Sockets that
    // are not served are reported again by the next poll, which begins with them. If more are ready than one poll can
    // report, the kernel reports the others first next time: it puts reported sockets at the end of its list.
    std::array<epoll_event, PollOrder::kMostReady> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    if (count <= 0) return;
    order_.begin();
    for (int index = 0; index < count; ++index) {
        const auto& session = *static_cast<const WsSession*>(events[static_cast<std::size_t>(index)].data.ptr);
        order_.add(session.place(), static_cast<PollOrder::Index>(index));
    }
    auto now = steady_clock::now();
    const auto end = now + kPollTime;
    while (now < end) {
        const auto index = order_.next();
        if (!index) return;
        serve(events[*index], buffer);
        const auto after = steady_clock::now();
        order_.charge(after - std::exchange(now, after));
    }
}

void WsHub::serve(const epoll_event& event, std::span<char> buffer) {
    auto& session = *static_cast<WsSession*>(event.data.ptr);
    run_task(TaskThread::io, [&] {
        if (!session.is_dropped() && (event.events & EPOLLOUT) != 0) session.on_writable();
        if (!session.is_dropped() && (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) session.on_readable(buffer);
    });
}

steady_clock::time_point WsHub::fan_out() {
    auto now = steady_clock::now();
    std::erase_if(lingering_, [&](Topic* topic) {
        if (topic->lingers_until > now) return false;
        due_.push_back(topic);
        return true;
    });
    for (std::size_t budget = kIterationCursors; budget > 0 && !due_.empty();) {
        Topic& topic = *due_.front();
        assert(topic.queued);
        due_.pop_front();
        std::size_t visited = 0;
        try {
            visited = fan_out(topic, std::min(budget, kQuantumCursors));
        } catch (...) {
            due_.push_back(&topic);
            throw;
        }
        budget -= std::min(budget, std::max<std::size_t>(1, visited));
        const auto after = steady_clock::now();
        topic.work.took += after - std::exchange(now, after);
        if (!topic.done()) {
            due_.push_back(&topic);
            continue;
        }
        const auto linger = linger_after(topic.work, settings_.linger);
        topic.lingers_until = linger.count() == 0 ? steady_clock::time_point{} : now + linger;
        topic.queued = false;
        if (topic.due()) queue(topic);
    }
    if (!due_.empty()) return steady_clock::time_point::min();
    auto next = steady_clock::time_point::max();
    for (const Topic* topic : lingering_) next = std::min(next, topic->lingers_until);
    return next;
}

/// Visits up to `budget` cursors and lets the sessions act on those that need it. Returns how many were visited.
std::size_t WsHub::fan_out(Topic& topic, std::size_t budget) {
    std::size_t visited = 0;
    do {
        const FanOutStep step = topic.fan_out(budget - visited);
        visited += step.cursors;
        if (step.state == CursorState::done) continue;
        WsSession* const session = find(step.subscriber);
        assert(session != nullptr);  // a session removes its cursor when it closes
        session->on_cursor(step.state);
    } while (visited < budget && !topic.done());
    return visited;
}

void WsHub::end_iteration() {
    for (const TopicId id : std::exchange(empty_topics_, {})) {
        const auto found = topics_.find(id);
        if (found == topics_.end() || !found->second->empty()) continue;
        Topic* topic = found->second.get();
        due_.remove_if([topic](const Topic* other) { return other == topic; });
        std::erase(lingering_, topic);
        topics_.erase(found);
    }
    ended_.clear();
    order_.forget_clients();
}

void WsHub::close_all(std::uint16_t code, std::string_view reason) {
    std::vector<WsSession*> all;
    all.reserve(sessions_.size());
    for (const auto& [id, session] : sessions_) all.push_back(session.get());
    for (WsSession* session : all) run_task(TaskThread::io, [&] { session->close(code, reason); });
}

void WsHub::watch(WsSession& session, bool for_writing) {
    assert(!session.is_dropped());
    epoll_event event{};
    event.events = EPOLLIN | (for_writing ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
    event.data.ptr = &session;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, session.fd(), &event);
}

void WsHub::release(WsSession& session) {
    assert(session.is_dropped());
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, session.fd(), nullptr);
    const auto found = sessions_.find(session.id());
    assert(found != sessions_.end());
    ended_.push_back(std::move(found->second));
    sessions_.erase(found);
}

}  // namespace globes::net
