#include "chat/frame_history.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "base/task_boundary.h"

namespace globes::chat {
namespace {

constexpr UnixMicros kMicrosPerSecond = 1'000'000;

/// Rounds up, so that no event is shown after it has expired.
UnixMicros whole_seconds(UnixMicros time) {
    return (time + kMicrosPerSecond - 1) / kMicrosPerSecond * kMicrosPerSecond;
}

/// Thread: a thread of the store, so that encoding does not take time of the core thread.
std::shared_ptr<const FramePage> encode(const EventPage& page, const EventEncoder& encoder, std::size_t max_bytes) {
    if (!page.ok) return nullptr;
    auto encoded = std::make_shared<FramePage>();
    encoded->is_cut = page.is_cut;
    encoded->first_seq = page.events.empty() ? page.first_seq : page.events.front().seq;
    std::string frames;
    for (const Event& event : page.events) {
        // JSON may be much longer than the stored text, for example of control characters.
        if (frames.size() >= max_bytes) {
            encoded->is_cut = true;
            break;
        }
        if (event.seq < encoded->first_seq + encoded->ends.size()) continue;  // out of order
        const std::size_t index = event.seq - encoded->first_seq;
        // Seqs are consecutive, unless an operator has edited the database. A missing event has no bytes.
        encoded->ends.resize(index, frames.size());
        encoded->times.resize(index, event.time);
        encoder.append_frame(frames, event);
        encoded->ends.push_back(frames.size());
        encoded->times.push_back(event.time);
    }
    encoded->last_seq = encoded->first_seq + encoded->ends.size() - 1;
    encoded->frames = roomlog::make_slice(frames);
    return encoded;
}

}  // namespace

roomlog::Slice FramePage::between(std::uint64_t after, std::uint64_t until) const {
    const auto end_of = [&](std::uint64_t seq) {
        return seq < first_seq ? 0 : ends[std::min(seq, last_seq) - first_seq];
    };
    if (ends.empty() || after >= until) return {};
    roomlog::Slice part = frames;
    part.offset += end_of(after);
    part.size = end_of(until) - end_of(after);
    return part;
}

std::optional<UnixMicros> FramePage::time_of(std::uint64_t seq) const {
    if (seq < first_seq || seq > last_seq) return std::nullopt;
    return times[seq - first_seq];
}

FrameHistory::FrameHistory(Store& store, const EventEncoder& encoder, std::weak_ptr<const CorePost> post,
                           FrameHistoryLimits limits)
    : store_(store), encoder_(encoder), post_(std::move(post)), limits_(limits) {}

void FrameHistory::read(RoomId room, std::uint64_t after, std::uint64_t last_seq, const Expiry& expiry, Asker asker,
                        PageReply reply) {
    assert(after < last_seq);
    const std::uint64_t page_begin = after - after % limits_.page_events;
    const Key key{.room = room,
                  .after = page_begin,
                  .last_seq = std::min(last_seq, page_begin + limits_.page_events),
                  .expiry = {.now = whole_seconds(expiry.now), .period = expiry.period},
                  .is_one_event = false};
    read_part(key, after, asker, std::move(reply));
}

void FrameHistory::read_event(RoomId room, std::uint64_t seq, const Expiry& expiry, Asker asker, PageReply reply) {
    assert(seq > 0);
    request({.room = room,
             .after = seq - 1,
             .last_seq = seq,
             .expiry = {.now = whole_seconds(expiry.now), .period = expiry.period},
             .is_one_event = true},
            asker, std::move(reply));
}

/// Goes from part to part, because only the end of one shows where the next one begins.
void FrameHistory::read_part(const Key& key, std::uint64_t after, Asker asker, PageReply reply) {
    request(key, asker,
            [this, key, after, asker, reply = std::move(reply)](const std::shared_ptr<const FramePage>& page) mutable {
                if (page == nullptr || !page->is_cut || page->last_seq > after) return reply(page);
                assert(page->last_seq > key.after);
                Key next = key;
                next.after = page->last_seq;
                read_part(next, after, asker, std::move(reply));
            });
}

void FrameHistory::request(const Key& key, Asker asker, PageReply reply) {
    Entry& entry = pages_[key];
    if (entry.page != nullptr) {
        by_use_.splice(by_use_.end(), by_use_, entry.age);
        return reply(entry.page);
    }
    entry.waiting.push_back(std::move(reply));
    if (entry.is_in_flight) return;
    try {
        queued_.push(key, asker.network, asker.client);
    } catch (...) {
        entry.waiting.pop_back();
        throw;
    }
    start_reads();
}

void FrameHistory::start_reads() {
    while (in_flight_ < limits_.reads_in_flight && !queued_.empty()) {
        const Key key = queued_.pop();
        const auto found = pages_.find(key);
        if (found == pages_.end()) continue;  // came with the turn of another asker
        Entry& entry = found->second;
        if (entry.page != nullptr || entry.is_in_flight || entry.waiting.empty()) continue;
        try {
            start_read(key, entry);
        } catch (...) {
            take(key, nullptr);
            throw;
        }
    }
}

void FrameHistory::start_read(const Key& key, Entry& entry) {
    using PagePointer = std::shared_ptr<const FramePage>;
    using Pending = PendingAnswer<PagePointer>;
    const EventQuery query{.room = key.room,
                           .after = key.after,
                           .before = key.last_seq + 1,
                           .limit = limits_.page_events,
                           .expiry = key.expiry,
                           .max_bytes = limits_.page_bytes};
    Pending pending(post_, nullptr, [this, key](const PagePointer& page) {
        assert(in_flight_ > 0);
        --in_flight_;
        run_task(TaskThread::core, [&] { take(key, page); });
        start_reads();
    });
    entry.is_in_flight = true;
    ++in_flight_;
    ++reads_;
    auto answer = Pending::callback<EventPage>(
        std::move(pending), [this](const EventPage& page) { return encode(page, encoder_, limits_.page_bytes); });
    run_task(TaskThread::core, [&] { store_.read_events(query, std::move(answer)); });
}

void FrameHistory::take(const Key& key, const std::shared_ptr<const FramePage>& page) {
    auto node = pages_.extract(key);
    assert(!node.empty() && node.mapped().page == nullptr);
    std::vector<PageReply> waiting = std::move(node.mapped().waiting);
    if (page != nullptr && !page->ends.empty() && !key.is_one_event) {
        node.mapped() = {.page = page, .is_in_flight = false, .waiting = {}, .age = by_use_.insert(by_use_.end(), key)};
        cached_bytes_ += page->frames.size;
        pages_.insert(std::move(node));
        forget_oldest();
    }
    for (PageReply& reply : waiting) run_task(TaskThread::core, [&] { reply(page); });
}

void FrameHistory::forget_oldest() {
    while (cached_bytes_ > limits_.cached_bytes) {
        const auto oldest = pages_.find(by_use_.front());
        assert(oldest != pages_.end() && oldest->second.page->frames.size <= cached_bytes_);
        cached_bytes_ -= oldest->second.page->frames.size;
        pages_.erase(oldest);
        by_use_.pop_front();
    }
}

}  // namespace globes::chat
