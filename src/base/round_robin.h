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

/// One `Queue` for each key. A key whose queue was empty comes after the others, so that it cannot come first again and
/// again.
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
            queue->second.push(std::move(item), static_cast<Key>(inner)...);
            if (is_new) order_.push_back(key);
        } catch (...) {
            if (is_new) queues_.erase(queue);
            throw;
        }
        ++size_;
    }

    /// Removes the next item. The queue MUST NOT be empty.
    auto pop() {
        assert(!empty() && order_.size() == queues_.size());
        const Key key = order_.front();
        const auto queue = queues_.find(key);
        auto item = queue->second.pop();
        order_.pop_front();
        if (queue->second.empty())
            queues_.erase(queue);
        else
            order_.push_back(key);  // into the place that was freed
        --size_;
        return item;
    }

private:
    std::unordered_map<Key, Queue, KeyedHash> queues_;  // none is empty
    Ring<Key> order_;                                   // each key once; the next one first
    std::size_t size_ = 0;
};

}  // namespace globes
