// Which thread an object belongs to, checked where its header says "this thread only". In a build without assertions
// (NDEBUG) it is empty and nothing is checked; all files of a program are built alike.
//
//     [[no_unique_address]] ThreadOwner thread_;
//
//     void advance() { GLOBES_ASSERT_ON(thread_); … }
#pragma once

#include <cassert>

#ifndef NDEBUG
#include <atomic>
#include <thread>
#endif

/// The calling thread owns the object.
#define GLOBES_ASSERT_ON(owner) assert((owner).is_here())

namespace globes {

/// The first thread that asks becomes the owner, until another one says `bind`. Any thread may call.
class ThreadOwner {
public:
#ifdef NDEBUG
    void bind() {}
    void release() {}
#else
    ThreadOwner() = default;
    ThreadOwner(const ThreadOwner&) = delete;
    ThreadOwner& operator=(const ThreadOwner&) = delete;

    /// The calling thread owns the object from now on, as a thread does that an object was made for.
    void bind() { owner_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
    /// Nobody owns the object: the next thread that asks will. For the time after a thread was joined.
    void release() { owner_.store({}, std::memory_order_relaxed); }

    /// Whether the calling thread is the owner; it becomes that if there is none.
    bool is_here() const {
        std::thread::id owner;
        const std::thread::id here = std::this_thread::get_id();
        return owner_.compare_exchange_strong(owner, here, std::memory_order_relaxed) || owner == here;
    }

private:
    mutable std::atomic<std::thread::id> owner_;
#endif
};

}  // namespace globes
