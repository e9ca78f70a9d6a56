// Locks whose rules clang checks when it compiles (-Wthread-safety, an error in our presets): a member that is
// GUARDED_BY(mutex_) can only be used while the mutex is held. Other compilers ignore the annotations.
//
//     Mutex mutex_;
//     std::deque<Task> queue_ GUARDED_BY(mutex_);
//
//     MutexLock lock(mutex_);
//     changed_.wait(lock, [this]() REQUIRES(mutex_) { return !queue_.empty(); });
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#ifdef __clang__
#define GLOBES_THREAD_ANNOTATION(annotation) __attribute__((annotation))
#else
#define GLOBES_THREAD_ANNOTATION(annotation)
#endif

#define CAPABILITY(name) GLOBES_THREAD_ANNOTATION(capability(name))
#define SCOPED_CAPABILITY GLOBES_THREAD_ANNOTATION(scoped_lockable)
/// Of a member: to be used only while `mutex` is held.
#define GUARDED_BY(mutex) GLOBES_THREAD_ANNOTATION(guarded_by(mutex))
/// Of a pointer: what it points to is to be used only while `mutex` is held.
#define PT_GUARDED_BY(mutex) GLOBES_THREAD_ANNOTATION(pt_guarded_by(mutex))
/// Of a function: its caller holds the mutexes.
#define REQUIRES(...) GLOBES_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
/// Of a function: its caller does not hold the mutexes, as the function takes them.
#define EXCLUDES(...) GLOBES_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
/// Of a function: it returns with the mutexes held, or released.
#define ACQUIRE(...) GLOBES_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) GLOBES_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS GLOBES_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace globes {

class CAPABILITY("mutex") Mutex {
public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() ACQUIRE() { mutex_.lock(); }
    void unlock() RELEASE() { mutex_.unlock(); }

private:
    friend class MutexLock;
    std::mutex mutex_;
};

/// Holds a mutex for a scope, with gaps if `unlock` and `lock` are called.
class SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : lock_(mutex.mutex_) {}
    ~MutexLock() RELEASE() {}
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void lock() ACQUIRE() { lock_.lock(); }
    void unlock() RELEASE() { lock_.unlock(); }

private:
    friend class Condition;
    std::unique_lock<std::mutex> lock_;
};

/// A condition variable. The mutex is held while a predicate runs; the analysis does not see that through the call, so
/// a predicate that uses guarded members says REQUIRES(mutex).
class Condition {
public:
    template <class Predicate>
    void wait(MutexLock& lock, Predicate predicate) NO_THREAD_SAFETY_ANALYSIS {
        changed_.wait(lock.lock_, std::move(predicate));
    }
    /// Returns what the predicate says at the end.
    template <class Rep, class Period, class Predicate>
    bool wait_for(MutexLock& lock, std::chrono::duration<Rep, Period> time,
                  Predicate predicate) NO_THREAD_SAFETY_ANALYSIS {
        return changed_.wait_for(lock.lock_, time, std::move(predicate));
    }
    void notify_one() { changed_.notify_one(); }
    void notify_all() { changed_.notify_all(); }

private:
    std::condition_variable changed_;
};

}  // namespace globes
