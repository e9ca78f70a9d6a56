// A queue in one block of memory that grows by doubling. Unlike std::deque, it allocates nothing before its first use:
// most rooms and connections never queue anything. One thread.
#pragma once

#include <cassert>
#include <compare>
#include <cstddef>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace globes {

/// `Value`: default-constructible and movable without exceptions; free places hold default values.
template <class Value>
class Ring {
    template <class Owner, class Reference>
    class Iterator;

public:
    using iterator = Iterator<Ring, Value&>;
    using const_iterator = Iterator<const Ring, const Value&>;

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }

    Value& operator[](std::size_t index) { return values_[place(index)]; }
    const Value& operator[](std::size_t index) const { return values_[place(index)]; }
    Value& front() { return (*this)[0]; }
    const Value& front() const { return (*this)[0]; }
    Value& back() { return (*this)[size_ - 1]; }
    const Value& back() const { return (*this)[size_ - 1]; }

    /// Until the ring has more values than `size`, adding some does not throw.
    void reserve(std::size_t size) {
        while (capacity_ < size) grow();
    }
    void push_back(Value value) {
        if (size_ == capacity_) grow();
        values_[place(size_++)] = std::move(value);
    }
    void push_front(Value value) {
        if (size_ == capacity_) grow();
        first_ = place(capacity_ - 1);
        ++size_;
        front() = std::move(value);
    }
    void pop_front() {
        assert(!empty());
        front() = Value();
        first_ = place(1);
        --size_;
    }
    void pop_back() {
        assert(!empty());
        back() = Value();
        --size_;
    }
    /// Removes the values that match; the others keep their order. If `matches` throws, its value is removed and the
    /// rest is kept.
    template <class Matches>
    void remove_if(Matches matches) {
        std::size_t kept = 0;
        std::size_t next = 0;
        const auto keep = [&] {
            if (kept != next) (*this)[kept] = std::move((*this)[next]);
            ++kept;
        };
        try {
            for (; next < size_; ++next)
                if (!matches((*this)[next])) keep();
        } catch (...) {
            for (++next; next < size_; ++next) keep();
            while (size_ > kept) pop_back();
            throw;
        }
        while (size_ > kept) pop_back();
    }
    /// Frees the memory. The ring must be empty.
    void release() {
        assert(empty());
        values_.reset();
        capacity_ = first_ = 0;
    }

    iterator begin() { return {this, 0}; }
    iterator end() { return {this, size_}; }
    const_iterator begin() const { return {this, 0}; }
    const_iterator end() const { return {this, size_}; }

private:
    static constexpr std::size_t kFirstCapacity = 2;

    std::size_t place(std::size_t index) const { return (first_ + index) & (capacity_ - 1); }
    void grow() {
        const std::size_t capacity = capacity_ == 0 ? kFirstCapacity : 2 * capacity_;
        auto values = std::make_unique<Value[]>(capacity);
        for (std::size_t i = 0; i < size_; ++i) values[i] = std::move((*this)[i]);
        values_ = std::move(values);
        capacity_ = capacity;
        first_ = 0;
    }

    std::unique_ptr<Value[]> values_;
    std::size_t capacity_ = 0;  // a power of two, or 0
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

template <class Value>
template <class Owner, class Reference>
class Ring<Value>::Iterator {
public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = std::remove_reference_t<Reference>*;
    using reference = Reference;

    Iterator() = default;
    Iterator(Owner* ring, std::size_t index) : ring_(ring), index_(static_cast<difference_type>(index)) {}

    Reference operator*() const { return (*ring_)[static_cast<std::size_t>(index_)]; }
    pointer operator->() const { return &**this; }
    Reference operator[](difference_type n) const { return *(*this + n); }
    Iterator& operator++() { return *this += 1; }
    Iterator operator++(int) { return std::exchange(*this, *this + 1); }
    Iterator& operator--() { return *this += -1; }
    Iterator operator--(int) { return std::exchange(*this, *this + -1); }
    Iterator& operator+=(difference_type n) {
        index_ += n;
        return *this;
    }
    Iterator& operator-=(difference_type n) { return *this += -n; }
    friend Iterator operator+(Iterator it, difference_type n) { return it += n; }
    friend Iterator operator+(difference_type n, Iterator it) { return it += n; }
    friend Iterator operator-(Iterator it, difference_type n) { return it += -n; }
    friend difference_type operator-(const Iterator& a, const Iterator& b) { return a.index_ - b.index_; }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }
    friend auto operator<=>(const Iterator& a, const Iterator& b) { return a.index_ <=> b.index_; }

private:
    Owner* ring_ = nullptr;
    difference_type index_ = 0;
};

}  // namespace globes
