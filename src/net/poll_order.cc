#include "net/poll_order.h"

#include <cassert>
#include <utility>

namespace globes::net {

PollOrder::Connection PollOrder::open_connection(std::uint64_t asker) {
    Client& client = clients_.try_emplace(asker, *this, asker).first->second;
    ++client.connections_;
    return Connection(client);
}

void PollOrder::Client::close_connection() {
    assert(connections_ > 0);
    if (--connections_ > 0 || std::exchange(is_unused_, true)) return;
    next_unused_ = std::exchange(order_.unused_, this);
}

void PollOrder::forget_clients() {
    if (unused_ == nullptr) return;
    begin();  // waiting sockets may be of a client that is forgotten
    while (unused_ != nullptr) {
        Client& client = *std::exchange(unused_, unused_->next_unused_);
        client.is_unused_ = false;
        if (client.connections_ == 0) clients_.erase(client.asker_);
    }
}

void PollOrder::begin() {
    for (; !waiting_.empty(); waiting_.pop_front()) waiting_.front()->first_ = Client::kNone;
    served_ = nullptr;
}

void PollOrder::add(const Connection& connection, Index socket) {
    assert(socket < kMostReady);
    Client& client = *connection.client_;
    following_[socket] = Client::kNone;
    if (client.first_ == Client::kNone) {
        waiting_.push_back(&client);
        client.first_ = socket;
        client.used_ = {};
    } else {
        following_[client.last_] = socket;
    }
    client.last_ = socket;
}

std::optional<PollOrder::Index> PollOrder::next() {
    while (!waiting_.empty()) {
        Client& client = *waiting_.front();
        waiting_.pop_front();
        if (client.used_ >= kClientTime) {
            client.first_ = Client::kNone;
            continue;
        }
        const Index socket = client.first_;
        client.first_ = following_[socket];
        if (client.first_ != Client::kNone) waiting_.push_back(&client);  // into the place that was freed
        served_ = &client;
        return socket;
    }
    return std::nullopt;
}

}  // namespace globes::net
