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
    added_.clear();
    served_ = nullptr;
    ++poll_;
}

void PollOrder::add(const Connection& connection, Index socket) {
    assert(socket < kMostReady);
    added_.push_back({&connection, socket});
}

void PollOrder::sort() {
    const auto place = [](const Ready& ready) {
        const Client& client = *ready.connection->client_;
        const auto number = reinterpret_cast<std::uintptr_t>(ready.connection);
        return std::tuple(client.network_.served, client.served_, number <= client.served_last_, number, ready.socket);
    };
    std::ranges::sort(added_, {}, place);
    for (const auto& [connection, socket] : added_) {
        Client& client = *connection->client_;
        connections_[socket] = connection;
        following_[socket] = Client::kNone;
        if (client.first_ == Client::kNone) {
            waiting_.push_back(&client);
            client.first_ = socket;
            if (std::exchange(client.network_.poll, poll_) != poll_) client.network_.used = {};
        } else {
            following_[client.last_] = socket;
        }
        client.last_ = socket;
    }
    added_.clear();
}

std::optional<PollOrder::Index> PollOrder::next() {
    if (!added_.empty()) sort();
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
        client.served_last_ = reinterpret_cast<std::uintptr_t>(connections_[socket]);
        return socket;
    }
    return std::nullopt;
}

}  // namespace globes::net
