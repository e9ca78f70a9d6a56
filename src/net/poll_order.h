// The order in which a poll serves the sockets that are ready. First comes what was not served for the longest time, by
// network, then by client and then by connection: a client that sends now and then does not wait for those that always
// send, however many they are. A state machine without I/O. Owned by the hub of the WebSocket sessions. Thread: the I/O
// thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/asker.h"
#include "base/keyed_hash.h"
#include "base/ring.h"

namespace globes::net {

class PollOrder {
    struct Network;
    class Client;

public:
    using Duration = std::chrono::steady_clock::duration;
    /// The number of a socket in the current poll, below `kMostReady`.
    using Index = std::uint16_t;

    static constexpr std::size_t kMostReady = 512;
    /// What the clients of one network may use of a poll. Their last socket may exceed it.
    static constexpr std::chrono::microseconds kNetworkTime{500};

    /// An open connection of a client; it counts until it is destroyed. The order MUST outlive it. It stays where it is
    /// from `add` to the end of the poll.
    class Connection {
    public:
        Connection(Connection&& other) noexcept : client_(std::exchange(other.client_, nullptr)) {}
        ~Connection() {
            if (client_ != nullptr) client_->close_connection();
        }

    private:
        friend class PollOrder;
        explicit Connection(Client& client) : client_(&client) {}
        Client* client_;
    };

    PollOrder() = default;
    PollOrder(const PollOrder&) = delete;
    PollOrder& operator=(const PollOrder&) = delete;

    Connection open_connection(Asker asker);
    /// Forgets clients without connections, and what is left of the poll.
    void forget_clients();
    std::size_t clients() const { return clients_.size(); }

    /// Begins a poll, without what was left of the last one.
    void begin();
    /// Adds a ready socket of a client. Each number at most once in a poll.
    void add(const Connection& connection, Index socket);
    /// Returns the socket to serve next; nothing if none is left, or only those of networks that have used their time.
    std::optional<Index> next();
    /// How long the socket of the last `next` has taken. Before `forget_clients`.
    void charge(Duration time) { served_->network_.used += time; }

private:
    struct Network {
        std::size_t clients = 0;
        std::uint64_t served = 0;  // when one of them was served last, in served sockets
        std::uint64_t poll = 0;    // in which it has used
        Duration used{};
    };

    class Client {
    public:
        Client(PollOrder& order, Asker asker, Network& network) : order_(order), asker_(asker), network_(network) {
            ++network.clients;
        }
        ~Client() {
            if (--network_.clients == 0) order_.networks_.erase(asker_.network);
        }
        Client(const Client&) = delete;
        Client& operator=(const Client&) = delete;
        void close_connection();

    private:
        friend class PollOrder;
        static constexpr Index kNone = UINT16_MAX;

        PollOrder& order_;
        const Asker asker_;
        Network& network_;
        std::uint64_t served_ = 0;  // as Network::served
        // The connection that was served last, as a number: its connections are served in this order, and then again
        // from the first. A number in each connection would make all idle ones larger.
        std::uintptr_t served_last_ = 0;
        std::size_t connections_ = 0;
        bool is_unused_ = false;         // in the list of the order; it may have connections again
        Client* next_unused_ = nullptr;  // in that list
        // Of the current poll, once it is sorted.
        Index first_ = kNone;  // of its sockets that wait
        Index last_ = kNone;
    };

    struct Ready {
        const Connection* connection;
        Index socket;
    };

    void sort();

    std::unordered_map<std::uint64_t, Network, KeyedHash> networks_;
    std::unordered_map<std::uint64_t, Client, KeyedHash> clients_;
    Client* unused_ = nullptr;
    // Of the current poll.
    std::vector<Ready> added_;  // that are not sorted yet
    Ring<Client*> waiting_;     // with a socket that waits, each once; the next one first
    std::array<const Connection*, kMostReady> connections_{};  // by socket
    std::array<Index, kMostReady> following_{};                // the next socket of the same client
    Client* served_ = nullptr;

    std::uint64_t served_sockets_ = 0;
    std::uint64_t poll_ = 0;
};

}  // namespace globes::net
