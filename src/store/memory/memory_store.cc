#include "store/memory/memory_store.h"

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/mutex.h"
#include "base/task_boundary.h"
#include "store/memory/room_table.h"

namespace globes::store {
namespace {

class MemoryStore final : public chat::Store {
public:
    explicit MemoryStore(MemorySettings settings)
        : limits_(settings.limits),
          guaranteed_events_(settings.events_per_room / 2),
          rooms_(settings.events_per_room),
          thread_([this] { work(); }) {}
    ~MemoryStore() override { stop(); }

    chat::StoredRooms load_rooms() override { return {}; }

    void append(chat::StoreBatch batch, chat::BatchDone done) override {
        push(Append{.batch = std::move(batch), .done = std::move(done)});
    }
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) override {
        push(Read{.query = query, .done = std::move(done)});
    }
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) override {
        push(Find{.keys = std::move(keys), .done = std::move(done)});
    }
    std::uint64_t guaranteed_events() const override { return guaranteed_events_; }
    void ping(std::move_only_function<void(bool)> done) override { push(Ping{.done = std::move(done)}); }

    void stop() override {
        {
            const MutexLock lock(mutex_);
            is_stopped_ = true;
        }
        changed_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

private:
    struct Append {
        chat::StoreBatch batch = {};
        std::size_t bytes = 0;  // as counted in `queued_bytes_`
        chat::BatchDone done;
        bool is_refused = false;
    };
    struct Read {
        chat::EventQuery query = {};
        std::move_only_function<void(chat::EventPage)> done;
        bool is_refused = false;
    };
    struct Find {
        std::vector<chat::SendKey> keys = {};
        std::move_only_function<void(chat::SendLookup)> done;
        bool is_refused = false;
    };
    struct Ping {
        std::move_only_function<void(bool)> done;
        bool is_refused = false;
    };
    using Request = std::variant<Append, Read, Find, Ping>;

    /// A request above the limits stays in the queue, but keeps only its answer.
    template <class One>
    void push(One request) {
        std::optional<One> dropped;
        MutexLock lock(mutex_);
        if (is_stopped_) {
            lock.unlock();
            request.is_refused = true;
            return answer(request);
        }
        if (!admit(request)) {
            dropped = std::move(request);
            request = {.done = std::move(dropped->done), .is_refused = true};
        }
        queue_.emplace_back(std::move(request));
        lock.unlock();
        changed_.notify_one();
    }

    bool admit(Append& append) REQUIRES(mutex_) {
        const std::size_t bytes = chat::queued_bytes(append.batch);
        if (bytes > limits_.queued_bytes - queued_bytes_) return false;
        append.bytes = bytes;
        queued_bytes_ += bytes;
        return true;
    }
    template <class AnyRead>
    bool admit(AnyRead&) REQUIRES(mutex_) {
        if (queued_reads_ >= limits_.queued_reads) return false;
        ++queued_reads_;
        return true;
    }

    // A request is subtracted from the limits before its answer, so that the receiver of the answer may send another
    // one.
    void answer(Append& append) {
        const bool committed = !append.is_refused && rooms_.apply(std::move(append.batch));
        queued_bytes_ -= append.bytes;
        append.done(committed ? chat::CommitOutcome::committed : chat::CommitOutcome::failed);
    }
    void answer(Read& read) {
        if (read.is_refused) return read.done({});
        chat::EventPage page = rooms_.read(read.query);
        --queued_reads_;
        read.done(std::move(page));
    }
    void answer(Find& find) {
        if (find.is_refused) return find.done({});
        chat::SendLookup lookup{.ok = true, .found = {}};
        for (const chat::SendKey& key : find.keys) lookup.found.push_back(rooms_.find(key));
        --queued_reads_;
        find.done(std::move(lookup));
    }
    void answer(Ping& ping) {
        if (!ping.is_refused) --queued_reads_;
        ping.done(!ping.is_refused);
    }

    void work() {
        std::vector<Request> requests;
        MutexLock lock(mutex_);
        while (true) {
            changed_.wait(lock, [this]() REQUIRES(mutex_) { return !queue_.empty() || is_stopped_; });
            if (queue_.empty()) return;
            requests.swap(queue_);
            lock.unlock();
            for (Request& request : requests)
                run_task(TaskThread::store, [&] { std::visit([this](auto& one) { answer(one); }, request); });
            requests.clear();
            lock.lock();
        }
    }

    // Constant after construction.
    const chat::StoreLimits limits_;
    const std::uint64_t guaranteed_events_;

    // The store's thread only.
    RoomTable rooms_;

    // Any thread.
    Mutex mutex_;
    Condition changed_;
    std::vector<Request> queue_ GUARDED_BY(mutex_);
    bool is_stopped_ GUARDED_BY(mutex_) = false;

    // Not answered yet: raised under the mutex, lowered without.
    std::atomic<std::size_t> queued_bytes_ = 0;
    std::atomic<std::size_t> queued_reads_ = 0;

    // The owner only. Last: it uses all of the above.
    std::thread thread_;
};

}  // namespace

std::unique_ptr<chat::Store> make_memory_store(MemorySettings settings) {
    return std::make_unique<MemoryStore>(settings);
}

}  // namespace globes::store
