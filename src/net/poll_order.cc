#include "net/poll_order.h"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

namespace globes::net {

PollOrder::Connection PollOrder::open_connection(Asker asker) {
    auto known = clients_.find(asker.client);
    if (known == clients_.end()) {
        Network& network = networks_.try_emplace(asker.network).first->second;
        known = clients_.try_emplace(asker.client, *this, asker, network).first;
    }
    Client& client = known->second;
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
        if (client.connections_ == 0) clients_.erase(client.asker_.client);
    }
}

void PollOrder::begin() {
    for (; !waiting_.empty(); waiting_.pop_front()) waiting_.front()->first_ = Client::kNone;
    served_ = nullptr;
    ++poll_;
}

void PollOrder::add(const Connection& connection, Index socket) {
    assert(socket < kMostReady);
    Client& client = *connection.client_;
    following_[socket] = Client::kNone;
    if (client.first_ == Client::kNone) {
        waiting_.push_back(&client);
        client.first_ = socket;
        is_sorted_ = false;
        if (Network& network = client.network_; std::exchange(network.poll, poll_) != poll_) network.used = {};
    } else {
        following_[client.last_] = socket;
    }
    client.last_ = socket;
}

void PollOrder::sort_waiting() {
    const auto place = [](const Client* client) {
        return std::tuple(client->network_.served, client->served_, client->first_);
    };
    if (waiting_.size() > 1) std::ranges::sort(waiting_, {}, place);
    is_sorted_ = true;
}

std::optional<PollOrder::Index> PollOrder::next() {
    if (!is_sorted_) sort_waiting();
    while (!waiting_.empty()) {
        Client& client = *waiting_.front();
        waiting_.pop_front();
        if (client.network_.used >= kNetworkTime) {
            client.first_ = Client::kNone;
            continue;
        }
        const Index socket = client.first_;
        client.first_ = following_[socket];
        if (client.first_ != Client::kNone) waiting_.push_back(&client);  // into the place that was freed
        served_ = &client;
        client.served_ = client.network_.served = ++served_sockets_;
        return socket;
    }
    return std::nullopt;
}

}  // namespace globes::net
