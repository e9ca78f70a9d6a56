// Both directions between one I/O thread and the core. The I/O thread gathers questions and events here and hands them
// over once a pass; the core gathers answers, frames and endings here and hands them over once a batch: one wake-up
// each.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "api/concurrency_limiter.h"
#include "api/io_counts.h"
#include "base/mailbox.h"
#include "base/task_boundary.h"
#include "base/worker_pool.h"
#include "chat/core.h"
#include "chat/core_thread.h"
#include "chat/io_port.h"
#include "net/io_thread.h"

namespace globes::api {

/// Holds a value of an I/O thread, such as a callback that may have the last reference to a connection. The value is
/// created and freed there: an owner that is destroyed on another thread, such as after an exception, posts it back.
/// Thread: any may move and destroy the owner. The IoThread must outlive it.
template <class Value>
class IoOwned {
public:
    IoOwned(net::IoThread& io, Value value) : io_(&io), value_(std::make_unique<Value>(std::move(value))) {}
    IoOwned(IoOwned&&) noexcept = default;
    IoOwned& operator=(IoOwned&&) = delete;
    ~IoOwned() {
        if (value_ != nullptr) io_->post([value = std::move(value_)] {});
    }

    /// For a task that is posted to the I/O thread, which then frees the value.
    std::unique_ptr<Value> release() { return std::move(value_); }

private:
    net::IoThread* io_;
    std::unique_ptr<Value> value_;
};

/// Owned by main; outlives both threads.
class CoreLink final : public chat::IoPort {
public:
    CoreLink(net::IoThread& io, chat::CoreThread& core_thread) : io_(io), core_thread_(core_thread) {}

    /// Before the threads start; the core is made after its lanes.
    void set_core(chat::Core& core) { core_ = &core; }

    net::IoThread& io() { return io_; }
    unsigned number() const { return io_.number(); }

    // --- I/O thread only ---

    /// Runs `act(core)` on the core thread. Order is kept.
    template <class Act>
    void tell_core(Act act) {
        to_core_.add([this, act = std::move(act)]() mutable { act(*core_); });
    }
    /// Makes a callback for the core: it runs `answer` here, on the I/O thread, with whatever it is called with.
    /// Other threads never copy or free the objects that `answer` owns. If the core drops the callback or throws, an
    /// exchange in `answer` ends without a response, so the client receives 500.
    template <class Answer>
    auto reply(Answer answer) {
        return [this, held = IoOwned<Answer>(io_, std::move(answer))](auto... result) mutable {
            to_io_.add(
                [held = held.release(), ... result = std::move(result)]() mutable { (*held)(std::move(result)...); });
        };
    }
    /// Makes a callback for a thread of the store: `convert` runs there and `answer(its result)` here. If `convert`
    /// throws, `answer` is dropped.
    template <class Convert, class Answer>
    auto store_reply(Convert convert, Answer answer) {
        return [this, convert = std::move(convert), held = IoOwned<Answer>(io_, std::move(answer))](auto told) mutable {
            run_task(TaskThread::store, [&] {
                auto result = convert(std::move(told));
                io_.post([held = held.release(), result = std::move(result)]() mutable { (*held)(std::move(result)); });
            });
        };
    }
    /// Runs `ask(core)` on the core thread and then `answer(its result)` here.
    template <class Ask, class Answer>
    void ask_core(Ask ask, Answer answer) {
        tell_core(
            [ask = std::move(ask), reply = reply(std::move(answer))](chat::Core& core) mutable { reply(ask(core)); });
    }
    /// Runs `work()` on a worker and then `then(its result)` here; false if the pool is full. If `work`
    /// throws, `then` is dropped.
    template <class Work, class Then>
    [[nodiscard]] bool try_work(WorkerPool& pool, Work work, Then then) {
        return pool.try_post([this, work = std::move(work), held = IoOwned<Then>(io_, std::move(then))]() mutable {
            auto result = work();
            io_.post([held = held.release(), result = std::move(result)]() mutable { (*held)(std::move(result)); });
        });
    }
    /// As `tell_core`, for what clients may send without end: false, and nothing is done, where the core is so far
    /// behind that `bytes` more would exceed kQueuedEventBytes.
    template <class Act>
    bool try_tell_core(std::size_t bytes, Act act) {
        if (!core_thread_.reserve(bytes)) return false;
        tell_core([this, bytes, act = std::move(act)](chat::Core& core) mutable {
            core_thread_.release(bytes);
            act(core);
        });
        return true;
    }
    /// Steps of connections that catch up. Of thousands that come back at once a few are served in a pass, so that
    /// whoever talks meanwhile waits for those few only.
    ConcurrencyLimiter& replays() { return replays_; }
    /// Sends `refusal` to the sender of the event, and counts it.
    void send_refusal(net::WsSession& session, chat::RoomId room, const chat::EventRefusal& refusal);
    IoCounts& counts() { return counts_; }
    /// The same for any thread.
    const IoCounts& counts() const { return counts_; }

    /// Hands over what was gathered. Once a pass.
    void flush_to_core() {
        if (!to_core_.empty()) core_thread_.post(std::exchange(to_core_, {}));
    }

    // --- core thread only ---

    void extend(chat::RoomId room, const roomlog::Slice& slice) override;
    void refuse(chat::RoomId room, chat::ConnectionId connection, chat::EventRefusal refusal) override;
    void acknowledge(chat::ConnectionId connection, const std::string& client_id, std::uint64_t seq,
                     bool is_duplicate) override;
    void send(chat::ConnectionId connection, std::string frames) override;
    void end(chat::ConnectionId connection, chat::Ending ending) override;
    void flush() override;

private:
    static constexpr std::size_t kReplays = 8;

    // Constant once the threads run.
    net::IoThread& io_;
    chat::CoreThread& core_thread_;
    chat::Core* core_ = nullptr;

    IoCounts counts_;                       // I/O thread writes
    TaskBatch to_core_;                     // I/O thread only
    ConcurrencyLimiter replays_{kReplays};  // I/O thread only
    TaskBatch to_io_;                       // core thread only
};

}  // namespace globes::api
