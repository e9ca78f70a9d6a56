#include "net/topic.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <span>
#include <utility>

namespace globes::net {
namespace {

/// send(2) without libc's wrapper. The wrapper is a cancellation point, and its work before and after each call costs
/// more than everything else that a fan-out does for a cursor.
ssize_t send_now(int fd, const char* bytes, std::size_t size) {
    return ::syscall(SYS_sendto, fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
}

ssize_t send_views(int fd, std::span<const std::string_view> views) {
    std::array<iovec, GatherCache::kMaxViews> vectors;
    for (std::size_t i = 0; i < views.size(); ++i)
        vectors[i] = {.iov_base = const_cast<char*>(views[i].data()), .iov_len = views[i].size()};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = views.size();
    return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

std::chrono::steady_clock::duration linger_after(const FanOutWork& work, const LingerPolicy& policy) {
    const auto cost =
        std::min<double>(static_cast<double>(work.took.count()),
                         static_cast<double>(policy.longest_send.count()) * static_cast<double>(work.cursors));
    const double excess = cost - static_cast<double>(policy.short_fan_out.count());
    if (excess <= 0) return {};
    // With n messages in a send, one more saves 1/n - 1/(n + 1) of a send for each message: fuller sends gain less.
    const double messages = 1 + static_cast<double>(work.bytes) / static_cast<double>(policy.message_bytes);
    const double linger = std::min(cost * static_cast<double>(policy.factor) / (messages * messages),
                                   excess * static_cast<double>(policy.growth));
    return std::min(std::chrono::steady_clock::duration(static_cast<std::chrono::steady_clock::rep>(linger)),
                    policy.longest);
}

CursorId Topic::add(const SendTarget& target, roomlog::Position from, SubscriberId subscriber) {
    assert(from >= retained_.begin());
    assert(cursors_.size() < kNoSlot);
    CursorId id = free_slot_;
    if (id == kNoSlot) {
        id = static_cast<CursorId>(slots_.size());
        slots_.emplace_back();
    } else {
        free_slot_ = slots_[id].index;
    }
    slots_[id] = {.index = static_cast<std::uint32_t>(cursors_.size()), .frame_end = from, .subscriber = subscriber};
    cursors_.push_back({.target = target, .position = from, .id = id, .blocked = false});
    fanned_out_to_ = std::min(fanned_out_to_, from);
    return id;
}

void Topic::remove(CursorId id) {
    std::size_t index = index_of(id);
    if (is_fanning_out_ && index < next_) {
        // If the last cursor took this index, the current fan-out would not visit it: it is past this index.
        move_cursor(--next_, index);
        index = next_;
    }
    move_cursor(cursors_.size() - 1, index);
    cursors_.pop_back();
    slots_[id].index = std::exchange(free_slot_, id);
    if (!cursors_.empty()) {
        may_release_ = !retained_.empty();
        return;
    }
    slots_.clear();
    free_slot_ = kNoSlot;
    // This thread may not receive what is appended before the next cursor is added, and a retained log has no gaps.
    release_before(retained_.end());
}

bool Topic::has_gap_before(const roomlog::Slice& slice) const {
    if (slice.begin <= retained_.end()) return false;
    // A new cursor begins where the next slice does; the thread has not received what is before.
    return !retained_.empty() ||
           std::ranges::any_of(cursors_, [&](const Cursor& cursor) { return cursor.position < slice.begin; });
}

std::size_t Topic::index_of(CursorId id) const {
    assert(id < slots_.size());
    const std::size_t index = slots_[id].index;
    assert(index < cursors_.size() && cursors_[index].id == id);
    return index;
}

void Topic::move_cursor(std::size_t from, std::size_t to) {
    if (from == to) return;
    cursors_[to] = cursors_[from];
    slots_[cursors_[to].id].index = static_cast<std::uint32_t>(to);
}

void Topic::unblock(CursorId id) {
    if (std::exchange(cursors_[index_of(id)].blocked, false)) may_release_ = !retained_.empty();
}

FanOutStep Topic::fan_out(std::size_t budget) {
    if (!is_fanning_out_) {
        is_fanning_out_ = true;
        may_release_ = false;
        next_ = 0;
        target_ = retained_.end();
        assert(fanned_out_to_ <= target_);
        slowest_ = target_;
        work = {.bytes = target_ - fanned_out_to_};
    }
    assert(budget > 0 && next_ <= cursors_.size());
    const roomlog::Position end = retained_.end();
    FanOutStep step;
    while (next_ < cursors_.size() && step.cursors < budget) {
        Cursor& cursor = cursors_[next_++];
        ++step.cursors;
        if (cursor.position < end) {
            if (!cursor.blocked) {
                step.state = advance(cursor, end);
            } else if (end - cursor.position > backlog_bytes_) {
                step.state = CursorState::behind;
            }
        }
        slowest_ = std::min(slowest_, cursor.position);
        if (step.state != CursorState::done) {
            step.subscriber = slots_[cursor.id].subscriber;
            break;
        }
    }
    work.cursors += step.cursors;
    if (next_ == cursors_.size()) {
        is_fanning_out_ = false;
        fanned_out_to_ = target_;
        release_before(slowest_);
    }
    return step;
}

CursorState Topic::finish_frame(CursorId id) {
    Cursor& moved = cursors_[index_of(id)];
    return advance(moved, std::max(moved.position, slots_[id].frame_end));
}

CursorState Topic::catch_up(CursorId id) { return advance(cursors_[index_of(id)], retained_.end()); }

CursorState Topic::advance(Cursor& cursor, roomlog::Position limit) {
    assert(cursor.position >= retained_.begin());
    while (cursor.position < limit) {
        assert(limit <= retained_.end());
        if (cache_.topic != this || cache_.from != cursor.position || cache_.limit != limit)
            gather(cursor.position, limit);
        const ssize_t sent = send(cursor.target);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return CursorState::lost;
        const auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
        counts_.sends.add();
        counts_.sent_bytes.add(taken);
        const roomlog::Position before = cursor.position;
        cursor.position += taken;
        if (taken < cache_.bytes || (cursor.target.tls != nullptr && cursor.target.tls->unsent() > 0)) {
            cursor.blocked = true;
            find_frame_end(cursor, before);
            return CursorState::blocked;
        }
    }
    return CursorState::done;
}

/// Sends the gathered bytes.
ssize_t Topic::send(const SendTarget& target) const {
    const auto views = std::span(cache_.views).first(cache_.count);
    if (target.tls != nullptr) return target.tls->send(views);
    return views.size() == 1 ? send_now(target.fd, views[0].data(), views[0].size()) : send_views(target.fd, views);
}

/// `before`: the cursor's position before the send that stopped where it is now.
void Topic::find_frame_end(const Cursor& cursor, roomlog::Position before) {
    Slot& slot = slots_[cursor.id];
    const roomlog::Position boundary = std::max(before, slot.frame_end);
    slot.frame_end = retained_.frame_boundary(boundary, cursor.position);
    assert(slot.frame_end <= retained_.end());
}

std::string Topic::unsent_of_frame(CursorId id) const {
    roomlog::Position at = cursors_[index_of(id)].position;
    const roomlog::Position frame_end = slots_[id].frame_end;
    std::string unsent;
    if (frame_end <= at) return unsent;
    unsent.reserve(frame_end - at);
    std::string_view view;
    while (at < frame_end && retained_.gather(at, {&view, 1}) == 1) {
        view = view.substr(0, frame_end - at);
        unsent.append(view);
        at += view.size();
    }
    assert(at == frame_end);
    return unsent;
}

void Topic::gather(roomlog::Position from, roomlog::Position limit) {
    cache_.topic = this;
    cache_.from = from;
    cache_.limit = limit;
    cache_.count = retained_.gather(from, cache_.views);
    cache_.bytes = 0;
    for (std::size_t i = 0; i < cache_.count; ++i) {
        cache_.views[i] = cache_.views[i].substr(0, limit - from - cache_.bytes);
        cache_.bytes += cache_.views[i].size();
        if (from + cache_.bytes == limit) cache_.count = i + 1;
    }
    assert(cache_.bytes > 0 && from + cache_.bytes <= limit);
}

void Topic::release_before(roomlog::Position position) {
    retained_.release_before(position);
    clear_cache();
}

/// Its views may point into released memory.
void Topic::clear_cache() {
    if (cache_.topic == this) cache_.topic = nullptr;
}

}  // namespace globes::net
