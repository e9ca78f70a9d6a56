#include "net/topic.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "net/ws_session.h"

namespace globes::net {
namespace {

/// send(2) without libc's: that is a cancellation point, and what it does for it before and after each call is more
/// than all else that a sweep does for a cursor.
ssize_t send_now(int fd, const char* bytes, std::size_t size) {
    return ::syscall(SYS_sendto, fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
}

}  // namespace

std::size_t Topic::add(WsSession& session, int fd, roomlog::Position from) {
    assert(from >= retained_.begin());
    cursors_.push_back({.fd = fd, .waiting = false, .position = from, .session = &session});
    fanned_out_to_ = std::min(fanned_out_to_, from);
    return cursors_.size() - 1;
}

void Topic::remove(std::size_t index) {
    if (is_fanning_out_ && index < next_) {
        // Were the last one to come here, the sweep under way would miss it: it has passed this place.
        fill(index, --next_);
        index = next_;
    }
    fill(index, cursors_.size() - 1);
    cursors_.pop_back();
    if (!cursors_.empty()) {
        forgets_ = !retained_.empty();
        return;
    }
    // What is appended before someone comes again may never be told to this thread: nothing can be added behind a gap.
    forget_before(retained_.end());
}

void Topic::fill(std::size_t index, std::size_t from) {
    if (index == from) return;
    cursors_[index] = cursors_[from];
    cursors_[index].session->moved_to(index);
}

void Topic::set_waiting(std::size_t index, bool waiting) {
    if (std::exchange(cursors_[index].waiting, waiting) && !waiting) forgets_ = !retained_.empty();
}

std::size_t Topic::fan_out(std::size_t budget) {
    if (!is_fanning_out_) {
        is_fanning_out_ = true;
        forgets_ = false;
        next_ = 0;
        target_ = retained_.end();
        slowest_ = target_;
        work = {.bytes = target_ - fanned_out_to_};
    }
    std::size_t looked_at = 0;
    for (; next_ < cursors_.size() && looked_at < budget; ++looked_at) {
        const Cursor& cursor = cursors_[next_];
        if (cursor.position < retained_.end()) {
            if (!cursor.waiting) {
                if (!advance(next_, retained_.end())) continue;  // another cursor stands at this index now
            } else if (retained_.end() - cursor.position > backlog_bytes_) {
                cursor.session->close_slow_consumer();
                continue;
            }
        }
        slowest_ = std::min(slowest_, cursors_[next_].position);
        ++next_;
    }
    work.cursors += looked_at;
    if (next_ >= cursors_.size()) {
        is_fanning_out_ = false;
        fanned_out_to_ = target_;
        forget_before(slowest_);
    }
    return looked_at;
}

bool Topic::advance(std::size_t index, roomlog::Position limit) {
    Cursor& cursor = cursors_[index];
    while (cursor.position < limit) {
        gather(cursor.position, limit);
        ssize_t sent = 0;
        if (parts_.count == 1) {
            sent = send_now(cursor.fd, parts_.views[0].data(), parts_.bytes);
        } else {
            std::array<iovec, SendParts::kMost> vectors;
            for (std::size_t i = 0; i < parts_.count; ++i)
                vectors[i] = {.iov_base = const_cast<char*>(parts_.views[i].data()), .iov_len = parts_.views[i].size()};
            msghdr message{};
            message.msg_iov = vectors.data();
            message.msg_iovlen = parts_.count;
            sent = ::sendmsg(cursor.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            cursor.session->abort();
            return false;
        }
        const auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
        counts_.sends.add();
        counts_.sent_bytes.add(taken);
        const roomlog::Position before = cursor.position;
        cursor.position += taken;
        if (taken < parts_.bytes) {
            cursor.session->wait_for_room(before, taken);
            return true;
        }
    }
    return true;
}

void Topic::gather(roomlog::Position from, roomlog::Position limit) {
    if (parts_.topic == this && parts_.from == from && parts_.limit == limit) return;
    parts_.topic = this;
    parts_.from = from;
    parts_.limit = limit;
    parts_.count = retained_.gather(from, parts_.views);
    parts_.bytes = 0;
    for (std::size_t i = 0; i < parts_.count; ++i) {
        parts_.views[i] = parts_.views[i].substr(0, limit - from - parts_.bytes);
        parts_.bytes += parts_.views[i].size();
        if (from + parts_.bytes == limit) parts_.count = i + 1;
    }
}

void Topic::forget_before(roomlog::Position position) {
    retained_.release_before(position);
    forget_parts();
}

/// The views may have gone.
void Topic::forget_parts() {
    if (parts_.topic == this) parts_.topic = nullptr;
}

}  // namespace globes::net
