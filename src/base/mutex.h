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
/// Of a function: the analysis takes it from here on that the mutex is held.
#define ASSERT_CAPABILITY(mutex) GLOBES_THREAD_ANNOTATION(assert_capability(mutex))
#define NO_THREAD_SAFETY_ANALYSIS GLOBES_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace globes {

class CAPABILITY("mutex") Mutex {
public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() ACQUIRE() { mutex_.lock(); }
    void unlock() RELEASE() { mutex_.unlock(); }
    /// Tells the analysis that the caller holds this mutex, if it reached the function through another object than the
    /// one that the annotation names. Does nothing at run time.
    void assert_held() const ASSERT_CAPABILITY(this) {}

private:
    friend class MutexLock;
    friend class Condition;
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

/// Releases a mutex for a scope, in a function that REQUIRES it.
class SCOPED_CAPABILITY MutexUnlock {
public:
    explicit MutexUnlock(Mutex& mutex) RELEASE(mutex) : mutex_(mutex) { mutex_.unlock(); }
    ~MutexUnlock() RELEASE() { mutex_.lock(); }
    MutexUnlock(const MutexUnlock&) = delete;
    MutexUnlock& operator=(const MutexUnlock&) = delete;

private:
    Mutex& mutex_;
};

/// A condition variable. The mutex is held while a predicate runs; the analysis does not see that through the call, so
/// a predicate that uses guarded members says REQUIRES(mutex).
class Condition {
public:
    template <class Predicate>
    void wait(MutexLock& lock, Predicate predicate) NO_THREAD_SAFETY_ANALYSIS {
        changed_.wait(lock.lock_, std::move(predicate));
    }
    /// Returns the last result of the predicate.
    template <class Rep, class Period, class Predicate>
    bool wait_for(MutexLock& lock, std::chrono::duration<Rep, Period> time,
                  Predicate predicate) NO_THREAD_SAFETY_ANALYSIS {
        return changed_.wait_for(lock.lock_, time, std::move(predicate));
    }

    // The same in a function that REQUIRES the mutex and has no MutexLock of its own.
    /// Returns at the next notification, or spuriously.
    void wait(Mutex& mutex) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
        const Adopted lock(mutex.mutex_);
        changed_.wait(*lock);
    }
    template <class Predicate>
    void wait(Mutex& mutex, Predicate predicate) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
        const Adopted lock(mutex.mutex_);
        changed_.wait(*lock, std::move(predicate));
    }
    template <class Rep, class Period, class Predicate>
    bool wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> time, Predicate predicate)
        REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
        const Adopted lock(mutex.mutex_);
        return changed_.wait_for(*lock, time, std::move(predicate));
    }
    /// Returns false at `deadline`; true at a notification, or spuriously.
    template <class Clock, class Duration>
    bool wait_until(Mutex& mutex, std::chrono::time_point<Clock, Duration> deadline)
        REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
        const Adopted lock(mutex.mutex_);
        return changed_.wait_until(*lock, deadline) == std::cv_status::no_timeout;
    }

    void notify_one() { changed_.notify_one(); }
    void notify_all() { changed_.notify_all(); }

private:
    /// A lock that the caller holds before and after.
    class Adopted {
    public:
        explicit Adopted(std::mutex& mutex) : lock_(mutex, std::adopt_lock) {}
        ~Adopted() { lock_.release(); }
        Adopted(const Adopted&) = delete;
        Adopted& operator=(const Adopted&) = delete;
        std::unique_lock<std::mutex>& operator*() const { return lock_; }

    private:
        mutable std::unique_lock<std::mutex> lock_;
    };

    std::condition_variable changed_;
};

}  // namespace globes
