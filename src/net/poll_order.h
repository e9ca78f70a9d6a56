// The order in which a poll serves the sockets that are ready: round-robin by client, so that the connections of one
// address delay those of others by little, however many they are and whatever arrives on them. A state machine without
// I/O. Owned by the hub of the WebSocket sessions. Thread: the I/O thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/keyed_hash.h"
#include "base/ring.h"

namespace globes::net {

class PollOrder {
    class Client;

public:
    using Duration = std::chrono::steady_clock::duration;
    /// The number of a socket in the current poll, below `kMostReady`.
    using Index = std::uint16_t;

    static constexpr std::size_t kMostReady = 512;
    /// What one client may use of a poll. Its last socket may exceed it.
    static constexpr std::chrono::microseconds kClientTime{500};

    /// An open connection of a client; it counts until it is destroyed. The order MUST outlive it.
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

    /// `asker`: the same number for all connections of one client (ClientAddress::asker).
    Connection open_connection(std::uint64_t asker);
    /// Forgets clients without connections, and what is left of the poll.
    void forget_clients();
    std::size_t clients() const { return clients_.size(); }

    /// Begins a poll, without what was left of the last one.
    void begin();
    /// Adds a ready socket of a client. Each number at most once in a poll.
    void add(const Connection& connection, Index socket);
    /// Returns the socket to serve next; nothing if none is left, or only those of clients that have used their time.
    std::optional<Index> next();
    /// How long the socket of the last `next` has taken. Before `forget_clients`.
    void charge(Duration time) { served_->used_ += time; }

private:
    class Client {
    public:
        Client(PollOrder& order, std::uint64_t asker) : order_(order), asker_(asker) {}
        void close_connection();

    private:
        friend class PollOrder;
        static constexpr Index kNone = UINT16_MAX;

        PollOrder& order_;
        const std::uint64_t asker_;
        std::size_t connections_ = 0;
        bool is_unused_ = false;         // in the list of the order; it may have connections again
        Client* next_unused_ = nullptr;  // in that list
        // Of the current poll.
        Index first_ = kNone;  // of its sockets that wait
        Index last_ = kNone;
        Duration used_{};
    };

    std::unordered_map<std::uint64_t, Client, KeyedHash> clients_;
    Client* unused_ = nullptr;
    Ring<Client*> waiting_;                      // with a socket that waits, each once; the next one first
    std::array<Index, kMostReady> following_{};  // the next socket of the same client
    Client* served_ = nullptr;
};

}  // namespace globes::net
