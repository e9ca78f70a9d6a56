// Queues that are served round-robin, so that many items of one owner do not delay those of the others. They nest: a
// `RoundRobin<RoundRobin<Fifo<Item>>>` serves its outer keys round-robin, and each of them serves its inner keys
// round-robin. They have no limit of their own. Owned by their user; one thread at a time.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "base/keyed_hash.h"
#include "base/ring.h"

namespace globes {

/// A queue in the order of arrival. `Item`: default-constructible and movable without exceptions.
template <class Item>
class Fifo {
public:
    bool empty() const { return items_.empty(); }
    std::size_t size() const { return items_.size(); }
    void push(Item item) { items_.push_back(std::move(item)); }
    /// The queue MUST NOT be empty.
    Item pop() {
        Item item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

private:
    Ring<Item> items_;
};

/// One `Queue` for each key. A new key is served before those that were served since they came, so that it need not
/// wait until each key with many items was served again. A key that comes back counts as new only when all that were
/// before it in `served_` were served. After `kMostNew` new keys in a row, one of the others is served. Source: the new
/// and old flows of FQ-CoDel, RFC 8290, section 4.2.
template <class Queue>
class RoundRobin {
public:
    using Key = std::uint64_t;

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    /// The number of items with these keys; fewer keys than levels count all items below them.
    template <class... Keys>
    std::size_t size_of(Key key, Keys... inner) const {
        const auto queue = queues_.find(key);
        if (queue == queues_.end()) return 0;
        if constexpr (sizeof...(inner) == 0)
            return queue->second.size();
        else
            return queue->second.size_of(static_cast<Key>(inner)...);
    }

    /// Adds an item; one key for each level, the outermost first. If it throws, the item is lost and nothing else.
    template <class Item, class... Keys>
    void push(Item item, Key key, Keys... inner) {
        const auto [queue, is_new] = queues_.try_emplace(key);
        try {
            if (is_new) {
                new_.reserve(new_.size() + 1);
                served_.reserve(queues_.size());  // for `pop`, which does not throw
            }
            queue->second.push(std::move(item), static_cast<Key>(inner)...);
        } catch (...) {
            if (is_new) queues_.erase(queue);
            throw;
        }
        if (is_new) new_.push_back(&*queue);
        ++size_;
    }

    /// Removes the next item. The queue MUST NOT be empty.
    auto pop() {
        assert(!empty() && new_.size() + served_.size() == queues_.size());
        const bool is_new = !new_.empty() && (served_.empty() || new_in_row_ < kMostNew);
        new_in_row_ = is_new ? new_in_row_ + 1 : 0;
        Ring<Entry*>& order = is_new ? new_ : served_;
        Entry* const entry = order.front();
        order.pop_front();
        auto item = entry->second.pop();
        --size_;
        served_.push_back(entry);
        while (!served_.empty() && served_.front()->second.empty()) {
            const Key key = served_.front()->first;
            served_.pop_front();
            queues_.erase(key);
        }
        return item;
    }

private:
    using Queues = std::unordered_map<Key, Queue, KeyedHash>;
    using Entry = Queues::value_type;

    static constexpr unsigned kMostNew = 8;

    Queues queues_;  // those of new keys are not empty
    // Each key once, in one of these; the next one first.
    Ring<Entry*> new_;     // not served since they came
    Ring<Entry*> served_;  // the first one is not empty; the others stay in line, although nothing may wait
    unsigned new_in_row_ = 0;
    std::size_t size_ = 0;
};

}  // namespace globes
