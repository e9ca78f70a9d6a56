#include "net/direct_queue.h"

#include <cassert>
#include <utility>

namespace globes::net {

void DirectQueue::push(roomlog::Slice frames, Limit limit, std::size_t sent) {
    assert(sent < frames.size);
    assert(sent == 0 || empty());
    Queue& queue = allocated();
    if (queue.parts.empty()) queue.sent = sent;
    if (limit == Limit::counted) queue.counted_bytes += frames.size;
    queue.parts.push_back({.slice = std::move(frames), .limit = limit});
}

void DirectQueue::push_rest(roomlog::Slice rest) {
    assert(!is_half_sent());
    assert(rest.size > 0);
    allocated().parts.push_front({.slice = std::move(rest), .limit = Limit::exempt});
}

std::string_view DirectQueue::next() const {
    assert(!empty());
    return queue_->parts.front().slice.bytes().substr(queue_->sent);
}

void DirectQueue::pop(std::size_t bytes) {
    assert(bytes <= next().size());
    queue_->sent += bytes;
    const Part& part = queue_->parts.front();
    if (queue_->sent < part.slice.size) return;
    if (part.limit == Limit::counted) {
        assert(queue_->counted_bytes >= part.slice.size);
        queue_->counted_bytes -= part.slice.size;
    }
    queue_->parts.pop_front();
    queue_->sent = 0;
    assert(!queue_->parts.empty() || queue_->counted_bytes == 0);
}

void DirectQueue::when_empty(Callback then) {
    assert(!empty());
    queue_->then = std::move(then);
}

DirectQueue::Callback DirectQueue::finish() {
    assert(empty());
    if (queue_ == nullptr) return {};
    Callback then = std::move(queue_->then);
    queue_.reset();
    return then;
}

DirectQueue::Queue& DirectQueue::allocated() {
    if (queue_ == nullptr) queue_ = std::make_unique<Queue>();
    return *queue_;
}

}  // namespace globes::net
