// The reads of a store that wait for one of its threads: their order and their limits. Owned by the store,
// which guards it with a mutex. One thread at a time.
//
// Lookups and pings, which are short, come before pages of history, because a send waits for its lookup. Every
// second page is one of the server, which serves all clients that catch up in its room. The others are served
// round-robin by asker (asker.h), and those of an asker round-robin by room. So neither clients that catch up nor those
// that page through history can stop the others, however many they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/asker.h"
#include "base/round_robin.h"
#include "chat/store.h"

namespace globes::store {

/// What a waiting read is, as far as its place depends on it.
struct ReadTag {
    enum class Kind : std::uint8_t { lookup, ping, page };

    static ReadTag lookup() { return {.kind = Kind::lookup}; }
    static ReadTag ping() { return {.kind = Kind::ping}; }
    static ReadTag page(const chat::EventQuery& query) {
        return {.kind = Kind::page, .asker = query.asker, .room = query.room};
    }

    Kind kind;
    Asker asker = {};
    chat::RoomId room = 0;
};

/// Which reads a thread of the store serves.
enum class Serves : std::uint8_t {
    short_reads,  ///< Lookups and pings only: so a page never keeps all threads from them.
    all,
};

/// `Request`: default-constructible and movable without exceptions.
template <class Request>
class ReadQueue {
public:
    explicit ReadQueue(const chat::StoreLimits& limits) : limits_(limits) {}

    /// Takes `request` and returns true. Returns false, and leaves it, if too many of its kind or its asker wait.
    bool push(const ReadTag& tag, Request& request) {
        if (is_full(tag)) return false;
        if (tag.kind == ReadTag::Kind::page)
            pages_.push(std::move(request), reader_of(tag), tag.asker.network, tag.asker.client, tag.room);
        else
            short_reads_.push(std::move(request), static_cast<std::uint64_t>(tag.kind));
        return true;
    }

    bool has(Serves serves) const { return !short_reads_.empty() || (serves == Serves::all && !pages_.empty()); }
    /// Returns the next request for a thread that serves these; nothing if none waits.
    std::optional<Request> pop(Serves serves) {
        if (!short_reads_.empty()) return short_reads_.pop();
        if (serves == Serves::all && !pages_.empty()) return pages_.pop();
        return std::nullopt;
    }

private:
    enum Reader : std::uint64_t { server, clients };

    static std::uint64_t reader_of(const ReadTag& tag) { return tag.asker == chat::kServerAsks ? server : clients; }

    bool is_full(const ReadTag& tag) const {
        if (tag.kind != ReadTag::Kind::page)
            return short_reads_.size_of(static_cast<std::uint64_t>(tag.kind)) >= limits_.queued_reads;
        const std::uint64_t reader = reader_of(tag);
        const auto& [network, client] = tag.asker;
        return pages_.size_of(reader) >= limits_.queued_reads ||
               (reader == clients && (pages_.size_of(reader, network) >= limits_.queued_reads_of_network ||
                                      pages_.size_of(reader, network, client) >= limits_.queued_reads_of_client));
    }

    const chat::StoreLimits limits_;
    RoundRobin<Fifo<Request>> short_reads_;                                // by kind
    RoundRobin<RoundRobin<RoundRobin<RoundRobin<Fifo<Request>>>>> pages_;  // by Reader, asker (two levels) and room
};

}  // namespace globes::store
