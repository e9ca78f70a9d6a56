// Handlers as coroutines: they read from top to bottom, and wait for other threads with `co_await`.
//
//     Handler Rooms::get(Exchange exchange, chat::RoomKey key) {
//         const auto room = co_await find_room(core_link_, exchange, key);
//         if (!room) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
//         …
//     }
//
// The I/O thread of the request starts, resumes and destroys a handler. While a handler is suspended, it belongs to the
// task that will resume it. If that task throws or is dropped, on whichever thread, the I/O thread destroys the
// handler, and with it its exchange, which then answers 500.
//
// GCC 12 miscompiles some forms of `co_await`. So it stands in a statement of its own, not in a condition, in `?:` or
// in a range-for, and lambdas that are awaited capture by reference. What they refer to belongs to the handler, which
// outlives them.
#pragma once

#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/mailbox.h"
#include "base/task_boundary.h"
#include "base/worker_pool.h"
#include "net/io_thread.h"

namespace globes::api {

/// The return type of a handler. The handler runs until its first `co_await` when it is called, and frees itself at its
/// end. An exception that leaves it is logged and counted, and ends it. Its parameters are values, or references to
/// objects that outlive all connections.
struct Handler {
    // NOLINTNEXTLINE(readability-identifier-naming): the name is the language's.
    struct promise_type {
        Handler get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { note_failed_task(TaskThread::io); }
    };
};

/// Owns a suspended handler and destroys it, unless it resumes it. I/O thread only.
class SuspendedHandler {
public:
    SuspendedHandler() = default;
    explicit SuspendedHandler(std::coroutine_handle<> handler) noexcept : frame_(handler.address()) {}

    /// False if it is empty, was moved from, resumed or released.
    explicit operator bool() const { return frame_ != nullptr; }
    void resume() { std::coroutine_handle<>::from_address(frame_.release()).resume(); }
    /// Gives up the ownership.
    void release() { static_cast<void>(frame_.release()); }

private:
    struct Destroy {
        void operator()(void* frame) const noexcept { std::coroutine_handle<>::from_address(frame).destroy(); }
    };
    std::unique_ptr<void, Destroy> frame_;
};

/// The right to resume a suspended handler with a value, once; for other threads. If it is destroyed unused, the I/O
/// thread destroys the handler. Thread: any may move and destroy it. The IoThread must outlive it.
template <class Value>
class Resumption {
public:
    /// `value`: where the suspended handler expects the value.
    Resumption(net::IoThread& io, SuspendedHandler handler, std::optional<Value>& value)
        : io_(&io), handler_(std::move(handler)), value_(&value) {}
    Resumption(Resumption&&) noexcept = default;
    Resumption& operator=(Resumption&&) = delete;
    ~Resumption() {
        if (handler_) io_->post([handler = std::move(handler_)] {});
    }

    /// Makes the task that resumes the handler with `value`. It belongs to the I/O thread.
    Task with(Value value) {
        value_->emplace(std::move(value));
        return [handler = std::move(handler_)]() mutable { handler.resume(); };
    }
    /// The handler is resumed by other means.
    void release() { handler_.release(); }

private:
    net::IoThread* io_;
    SuspendedHandler handler_;
    std::optional<Value>* value_;
};

/// Suspends a handler until a `Value` arrives: `co_await` calls `start` with the Resumption, and results in the value.
template <class Value, class Start>
class [[nodiscard]] ValueAwaiter {
public:
    ValueAwaiter(net::IoThread& io, Start start) : io_(io), start_(std::move(start)) {}

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handler) noexcept {
        // If `start` throws, the Resumption is dropped, so the exception must not reach the handler.
        run_task(TaskThread::io, [&] { start_(Resumption<Value>(io_, SuspendedHandler(handler), value_)); });
    }
    Value await_resume() { return std::move(*value_); }

private:
    net::IoThread& io_;
    Start start_;
    std::optional<Value> value_;
};

/// Suspends a handler for a time.
class [[nodiscard]] TimeAwaiter {
public:
    TimeAwaiter(net::IoThread& io, std::chrono::milliseconds time) : io_(io), time_(time) {}

    bool await_ready() const noexcept { return time_ <= std::chrono::milliseconds(0); }
    void await_suspend(std::coroutine_handle<> handler) noexcept {
        // If no timer can be started, the handler is destroyed.
        run_task(TaskThread::io, [&io = io_, time = time_, suspended = SuspendedHandler(handler)]() mutable {
            io.run_after(time, [suspended = std::move(suspended)]() mutable { suspended.resume(); });
        });
    }
    void await_resume() const noexcept {}

private:
    net::IoThread& io_;
    const std::chrono::milliseconds time_;
};

/// Suspends a handler while a worker runs `work`: `co_await` results in what it returns.
/// Error: unavailable if too many tasks wait in the pool, in all or of the asker.
template <class Work>
class [[nodiscard]] WorkAwaiter {
public:
    using Value = std::invoke_result_t<Work&>;

    WorkAwaiter(net::IoThread& io, WorkerPool& pool, Asker asker, Work work)
        : io_(io), pool_(pool), asker_(asker), work_(std::move(work)) {}

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handler) noexcept {
        bool is_suspended = true;  // also if this throws, which destroys the handler
        run_task(TaskThread::io, [&] {
            const auto resumption = std::make_shared<Resumption<Value>>(io_, SuspendedHandler(handler), value_);
            is_suspended =
                pool_.try_post([&io = io_, &work = work_, resumption] { io.post(resumption->with(work())); }, asker_);
            if (!is_suspended) resumption->release();
        });
        return is_suspended;
    }
    Result<Value> await_resume() {
        if (!value_) return std::unexpected(Error{ErrorCode::unavailable});
        return std::move(*value_);
    }

private:
    net::IoThread& io_;
    WorkerPool& pool_;
    const Asker asker_;
    Work work_;
    std::optional<Value> value_;
};

}  // namespace globes::api
