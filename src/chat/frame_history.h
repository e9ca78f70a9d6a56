// Pages of stored events as frames, for the catch-up of clients whose missed events are not in the replay cache any
// more. Pages are aligned and cached, so that a thousand clients that reconnect at once cause a few reads of the store.
// The number of reads in flight is limited, and those that wait are served round-robin by asker; a client that waits
// costs one callback. Owned by the core. Thread: the core thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/round_robin.h"
#include "chat/event.h"
#include "chat/pending_answer.h"
#include "chat/store.h"
#include "roomlog/slice.h"

namespace globes::chat {

/// The frames of consecutive events of one room.
struct FramePage {
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;     ///< first_seq - 1 if the page is empty.
    bool is_cut = false;            ///< The next part of the page begins after `last_seq`.
    std::vector<std::size_t> ends;  ///< The end of each frame in `frames`, in bytes.
    std::vector<UnixMicros> times;  ///< The time of each event.
    roomlog::Slice frames;

    /// Returns the frames with after < seq <= until that are on this page.
    roomlog::Slice between(std::uint64_t after, std::uint64_t until) const;
    /// Absent if the event is not on this page.
    std::optional<UnixMicros> time_of(std::uint64_t seq) const;
};

struct FrameHistoryLimits {
    std::size_t page_events = 128;
    std::size_t page_bytes = std::size_t{256} << 10;  ///< A longer page has several parts. One event may exceed it.
    std::size_t cached_bytes = std::size_t{16} << 20;
    std::size_t reads_in_flight = 8;
};

class FrameHistory {
public:
    /// Receives null if the store could not be read.
    using PageReply = std::move_only_function<void(std::shared_ptr<const FramePage>)>;

    /// `store` and `encoder` MUST outlive this object.
    FrameHistory(Store& store, const EventEncoder& encoder, std::weak_ptr<const CorePost> post,
                 FrameHistoryLimits limits);

    /// Reads the page, or its part, with the event after `after`, without expired events; it may be empty. Calls
    /// `reply` before it returns if the page is cached. `last_seq`: the newest stored event; MUST be greater than
    /// `after`. `asker`: see EventQuery::asker; the store is asked as the server.
    void read(RoomId room, std::uint64_t after, std::uint64_t last_seq, const Expiry& expiry, Asker asker,
              PageReply reply);
    /// As `read`, but the event `seq` alone, which costs much less than its page. It is not cached.
    void read_event(RoomId room, std::uint64_t seq, const Expiry& expiry, Asker asker, PageReply reply);

    std::size_t reads_in_flight() const { return in_flight_; }
    /// The number of reads since the start.
    std::uint64_t reads() const { return reads_; }

private:
    /// A page gets another key when events are added to it or expire.
    struct Key {
        RoomId room;
        std::uint64_t after;     ///< The page, or its part, begins after this event.
        std::uint64_t last_seq;  ///< The end of the page, or the room's newest event if that is less.
        Expiry expiry;           ///< In whole seconds, so that clients that read at the same time share a page.
        bool is_one_event;       ///< Not a page.
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        std::shared_ptr<const FramePage> page;  // null before it is read
        bool is_in_flight = false;
        std::vector<PageReply> waiting;
        std::list<Key>::iterator age;
    };

    void read_part(const Key& key, std::uint64_t after, Asker asker, PageReply reply);
    void request(const Key& key, Asker asker, PageReply reply);
    void start_reads();
    void start_read(const Key& key, Entry& entry);
    void take(const Key& key, const std::shared_ptr<const FramePage>& page);
    void forget_oldest();

    Store& store_;
    const EventEncoder& encoder_;
    const std::weak_ptr<const CorePost> post_;
    const FrameHistoryLimits limits_;

    std::map<Key, Entry> pages_;
    std::list<Key> by_use_;  // of cached pages, least recently used first
    // Reads that are not in flight yet, by asker. A page for which several askers wait is here for each of them: it
    // comes with the first one whose turn it is, and otherwise it would wait behind all that its first asker asks for.
    RoundRobin<RoundRobin<Fifo<Key>>> queued_;
    std::size_t cached_bytes_ = 0;
    std::size_t in_flight_ = 0;
    std::uint64_t reads_ = 0;
};

}  // namespace globes::chat
