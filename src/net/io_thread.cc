#include "net/io_thread.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "base/process.h"

namespace globes::net {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kReadBufferBytes = 64 << 10;
// The time for new connections, HTTP requests and timers in one iteration. If thousands of clients reconnect at once,
// there is always a ready handler; without a limit the open sessions would wait for all of them.
constexpr std::chrono::microseconds kHandlersTime{150};

int make_eventfd() {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    return fd;
}

}  // namespace

IoThread::IoThread(unsigned number, const WsSettings& settings)
    : number_(number),
      context_(1),  // a hint to Asio: one thread runs it
      hub_(number, settings),
      hub_descriptor_(context_, ::dup(hub_.descriptor())),
      mailbox_descriptor_(context_, make_eventfd()),
      tick_timer_(context_),
      fan_out_timer_(context_),
      read_buffer_(kReadBufferBytes),
      started_(steady_clock::now()) {}

IoThread::~IoThread() { stop(); }

void IoThread::start(std::function<void()> flush) {
    assert(!thread_.joinable() && flush);
    flush_ = std::move(flush);
    thread_ = std::thread([this] { run(); });
}

void IoThread::stop() {
    assert(std::this_thread::get_id() != thread_.get_id());
    stopping_.store(true, std::memory_order_relaxed);
    wake();
    if (!thread_.joinable()) return;
    thread_.join();
    this_thread_.release();
}

void IoThread::post(TaskBatch batch) {
    if (mailbox_.push(std::move(batch))) wake();
}

void IoThread::post(Task task) {
    if (mailbox_.push(std::move(task))) wake();
}

bool IoThread::run_posted() {
    assert(!thread_.joinable());
    TaskBatch posted = mailbox_.take();
    const bool has_any = !posted.empty();
    posted.run(TaskThread::io);
    return has_any;
}

void IoThread::run_after(std::chrono::milliseconds time, Task task) {
    GLOBES_ASSERT_ON(this_thread_);
    auto timer = std::make_unique<boost::asio::steady_timer>(context_, time);
    boost::asio::steady_timer& started = *timer;
    started.async_wait(
        [timer = std::move(timer), task = std::move(task)](const boost::system::error_code&) mutable { task(); });
}

void IoThread::wake() {
    const std::uint64_t one = 1;
    // The write fails only if the counter is full, and then the thread is awake.
    [[maybe_unused]] const ssize_t written = ::write(mailbox_descriptor_.native_handle(), &one, sizeof one);
}

void IoThread::run() {
    name_this_thread("io");
    this_thread_.bind();
    watch_hub();
    watch_mailbox();
    tick();
    while (!stopping_.load(std::memory_order_relaxed)) {
        // `run_one` waits and runs one handler, which is not measured here: a long handler calls `note_busy`.
        if (!fan_out_now_) run_task(TaskThread::io, [this] { context_.run_one(); });
        const auto begin = steady_clock::now();
        while (steady_clock::now() - begin < kHandlersTime && poll_handler()) {
        }
        // Unconditional, because the handler that sets `hub_ready_` may still wait behind those of other connections.
        run_task(TaskThread::io, [this] { hub_.poll(read_buffer_); });
        if (std::exchange(hub_ready_, false)) watch_hub();
        mailbox_.take().run(TaskThread::io);
        run_task(TaskThread::io, flush_);  // before fan-out, so that other threads work meanwhile
        run_task(TaskThread::io, [this] { schedule(hub_.fan_out()); });
        run_task(TaskThread::io, [this] { hub_.end_iteration(); });
        run_task(TaskThread::io, flush_);
        note_busy(steady_clock::now() - begin);
    }
}

/// Runs one ready handler; false if none is ready.
bool IoThread::poll_handler() {
    bool was_ready = true;
    run_task(TaskThread::io, [&] { was_ready = context_.poll_one() > 0; });
    return was_ready;
}

void IoThread::note_busy(steady_clock::duration took) {
    GLOBES_ASSERT_ON(this_thread_);
    const auto took_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    if (took_us > longest_iteration_us_.load(std::memory_order_relaxed))
        longest_iteration_us_.store(took_us, std::memory_order_relaxed);
}

void IoThread::watch_hub() {
    hub_descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                               [this](const boost::system::error_code& error) { hub_ready_ = !error; });
}

void IoThread::watch_mailbox() {
    mailbox_descriptor_.async_wait(
        boost::asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
            if (error) return;
            std::uint64_t count = 0;
            // The counter is reset before the mailbox is taken. A post in between causes one spurious wake-up.
            [[maybe_unused]] const ssize_t got = ::read(mailbox_descriptor_.native_handle(), &count, sizeof count);
            watch_mailbox();
        });
}

void IoThread::tick() {
    GLOBES_ASSERT_ON(this_thread_);
    // Before the work of the tick, because an exception in it must not end the timer.
    tick_timer_.expires_after(kTick);
    tick_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
    hub_.advance(current_tick());
}

Tick IoThread::current_tick() const { return static_cast<Tick>((steady_clock::now() - started_) / kTick); }

void IoThread::schedule(steady_clock::time_point fan_out_at) {
    fan_out_now_ = fan_out_at == steady_clock::time_point::min();
    if (fan_out_now_ || fan_out_at >= fan_out_timer_at_) return;
    fan_out_timer_at_ = fan_out_at;
    fan_out_timer_.expires_at(fan_out_at);
    fan_out_timer_.async_wait([this](const boost::system::error_code& error) {
        // Every iteration fans out, so the wake-up is enough.
        if (!error) fan_out_timer_at_ = steady_clock::time_point::max();
    });
}

}  // namespace globes::net
