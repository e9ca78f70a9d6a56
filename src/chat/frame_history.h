// Stored events as frames, in pages that all readers share: how whoever was away too long for the log's recent part
// catches up. Pages are aligned, so that a thousand readers who come back at once read the store a few times; reads are
// limited, and what waits is a callback for each reader. Owned by the core, core thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/mailbox.h"
#include "chat/event.h"
#include "chat/store.h"
#include "roomlog/slice.h"

namespace globes::chat {

/// Some events of one room in the order of their seq, without gap.
struct FramePage {
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;     ///< first_seq - 1 where the page is empty.
    std::vector<std::size_t> ends;  ///< Of each frame, in bytes.
    std::vector<UnixMicros> times;  ///< Of each event.
    roomlog::Slice frames;

    /// The frames of after < seq <= until.
    roomlog::Slice between(std::uint64_t after, std::uint64_t until) const;
    /// Absent if the event is not on this page.
    std::optional<UnixMicros> time_of(std::uint64_t seq) const;
};

struct FrameHistoryLimits {
    std::size_t page_events = 128;
    std::size_t cached_bytes = std::size_t{16} << 20;
    std::size_t reads_in_flight = 8;
};

class FrameHistory {
public:
    /// Null: the store could not be read.
    using PageReply = std::move_only_function<void(std::shared_ptr<const FramePage>)>;

    /// All of these outlive this. `post` brings a task back to the core thread.
    FrameHistory(Store& store, const EventEncoder& encoder, std::function<void(Task)> post, FrameHistoryLimits limits);

    /// The page that holds the event after `after`, of which at least one is stored: `after` < `last_seq`, the newest
    /// stored one. Expired events are left out.
    void read(RoomId room, std::uint64_t after, std::uint64_t last_seq, const Expiry& expiry, PageReply reply);

    std::size_t reads_in_flight() const { return in_flight_; }
    /// So far.
    std::uint64_t reads() const { return reads_; }

private:
    /// A page that is not full yet, or loses expired events, gets another key later.
    struct Key {
        RoomId room;
        std::uint64_t page;
        std::uint64_t last_seq;  ///< How far the room had come, or the page's end.
        Expiry expiry;           ///< In whole seconds, so that readers of the same moment share.
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        std::shared_ptr<const FramePage> page;  // null while it is being read
        std::vector<PageReply> waiting;
        std::list<Key>::iterator age;
    };

    void start_reads();
    void take(const Key& key, const std::shared_ptr<const FramePage>& page);
    void forget_oldest();

    Store& store_;
    const EventEncoder& encoder_;
    const std::function<void(Task)> post_;
    const FrameHistoryLimits limits_;

    std::map<Key, Entry> pages_;
    std::list<Key> by_use_;   // of what is cached, the longest unused first
    std::deque<Key> queued_;  // reads that wait for their turn
    std::size_t cached_bytes_ = 0;
    std::size_t in_flight_ = 0;
    std::uint64_t reads_ = 0;
};

}  // namespace globes::chat
