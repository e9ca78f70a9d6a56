// Both directions between one I/O thread and the core. The I/O thread gathers questions and events here and sends them
// to the core once in each loop iteration; the core gathers replies, frames and endings here and sends them once for
// each batch. So each direction costs one wake-up.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "api/concurrency_limiter.h"
#include "api/handler.h"
#include "api/io_counts.h"
#include "base/mailbox.h"
#include "base/task_boundary.h"
#include "base/thread_owner.h"
#include "base/worker_pool.h"
#include "chat/core.h"
#include "chat/core_thread.h"
#include "chat/io_port.h"
#include "net/io_thread.h"

namespace globes::api {

/// Resumes a handler with the value; core thread only. To be called once. If it is destroyed without a call, the
/// handler is destroyed.
template <class Value>
using CoreReply = std::move_only_function<void(Value)>;

/// Owned by the IoUnit; outlives both threads.
class CoreLink final : public chat::IoPort {
public:
    CoreLink(net::IoThread& io, chat::CoreThread& core_thread) : io_(io), core_thread_(core_thread) {}

    /// Before the threads start. The core is made later than this, because it needs its I/O ports.
    void set_core(chat::Core& core) { core_ = &core; }

    net::IoThread& io() { return io_; }
    unsigned number() const { return io_.number(); }

    // --- I/O thread only ---

    // For handlers (handler.h), each with `co_await`. The functions may capture by reference.

    /// Results in `ask(core)`, which runs on the core thread.
    template <class Ask>
    auto ask_core(Ask ask) {
        using Value = std::invoke_result_t<Ask&, chat::Core&>;
        return awaiter<Value>([this, ask = std::move(ask)](Resumption<Value> resumption) mutable {
            tell_core([this, &ask, resumption = std::move(resumption)](chat::Core& core) mutable {
                core.reply(number(), resumption.with(ask(core)));
            });
        });
    }
    /// Runs `start(core, reply)` on the core thread and results in the value that `reply`, a CoreReply<Value>, is
    /// called with, possibly later.
    template <class Value, class Start>
    auto ask_core_later(Start start) {
        return awaiter<Value>([this, start = std::move(start)](Resumption<Value> resumption) mutable {
            tell_core([this, &start, resumption = std::move(resumption)](chat::Core& core) mutable {
                start(core, CoreReply<Value>([this, &core, resumption = std::move(resumption)](Value value) mutable {
                          core.reply(number(), resumption.with(std::move(value)));
                      }));
            });
        });
    }
    /// Calls `start(done)` here. The store calls `done` on its own thread, where `convert` makes the result from the
    /// argument.
    template <class Value, class Start, class Convert>
    auto ask_store(Start start, Convert convert) {
        return awaiter<Value>(
            [this, start = std::move(start), convert = std::move(convert)](Resumption<Value> resumption) mutable {
                start([this, &convert, resumption = std::move(resumption)](auto told) mutable {
                    run_task(TaskThread::store, [&] { io_.post(resumption.with(convert(std::move(told)))); });
                });
            });
    }
    /// Results in `work()`, which runs on a worker. `asker`: see WorkerPool::try_post. Error: unavailable if too many
    /// tasks wait in the pool, in all or of the asker.
    template <class Work>
    auto run_on_worker(WorkerPool& pool, Asker asker, Work work) {
        return WorkAwaiter<Work>(io_, pool, asker, std::move(work));
    }

    /// Resumes after `time`, at once if that is 0.
    TimeAwaiter wait(std::chrono::milliseconds time) { return {io_, time}; }

    // For all others.

    /// Runs `act(core)` on the core thread. Order is kept, also with what handlers ask.
    template <class Act>
    void tell_core(Act act) {
        GLOBES_ASSERT_ON(io_.thread());
        to_core_.add([this, act = std::move(act)]() mutable { act(*core_); });
    }
    /// As `tell_core`, for commands that clients can send without limit. Returns false and does nothing if the events
    /// queued for the core, and `bytes` more, would exceed CoreThread::kQueuedEventBytes.
    template <class Act>
    bool try_tell_core(std::size_t bytes, Act act) {
        if (!core_thread_.reserve(bytes)) return false;
        tell_core([this, bytes, act = std::move(act)](chat::Core& core) mutable {
            core_thread_.release(bytes);
            act(core);
        });
        return true;
    }
    /// Limits how many connections catch up at once. If thousands return together, each loop iteration serves a few of
    /// them, so that the messages of all others wait for those few only.
    ConcurrencyLimiter& replays() { return replays_; }
    /// For the handlers of this thread that read lists of rooms that are longer than a usual page.
    ConcurrencyLimiter& long_lists() { return long_lists_; }
    /// Sends `refusal` to the sender of the event, or of the ping, and counts it.
    void send_refusal(net::WsSession& session, chat::RoomId room, const chat::EventRefusal& refusal);
    IoCounts& counts() { return counts_; }
    /// The same for any thread.
    const IoCounts& counts() const { return counts_; }

    /// Sends what was gathered to the core. To be called once in each loop iteration.
    void flush_to_core() {
        GLOBES_ASSERT_ON(io_.thread());
        if (!to_core_.empty()) core_thread_.post(std::exchange(to_core_, {}));
    }

    // --- core thread only ---

    void extend(chat::RoomId room, const roomlog::Slice& slice) override;
    void refuse(chat::RoomId room, chat::ConnectionId connection, chat::EventRefusal refusal) override;
    void acknowledge(chat::ConnectionId connection, const std::string& client_id, std::uint64_t seq,
                     bool is_duplicate) override;
    void send(chat::ConnectionId connection, std::string frames) override;
    void end(chat::ConnectionId connection, chat::Ending ending) override;
    void run(Task task) override { add(std::move(task)); }
    void flush() override;

private:
    static constexpr std::size_t kReplays = 8;
    static constexpr std::size_t kLongLists = 2;

    template <class Value, class Start>
    auto awaiter(Start start) {
        return ValueAwaiter<Value, Start>(io_, std::move(start));
    }

    template <class Act>
    void add(Act act) {
        GLOBES_ASSERT_ON(core_->thread());
        to_io_.add(std::move(act));
    }

    // Constant once the threads run.
    net::IoThread& io_;
    chat::CoreThread& core_thread_;
    chat::Core* core_ = nullptr;

    IoCounts counts_;                            // I/O thread writes
    TaskBatch to_core_;                          // I/O thread only
    ConcurrencyLimiter replays_{kReplays};       // I/O thread only
    ConcurrencyLimiter long_lists_{kLongLists};  // I/O thread only
    TaskBatch to_io_;                            // core thread only
};

}  // namespace globes::api
