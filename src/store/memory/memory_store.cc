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
#include "store/read_queue.h"

namespace globes::store {
namespace {

class MemoryStore final : public chat::Store {
public:
    explicit MemoryStore(MemorySettings settings)
        : limits_(settings.limits),
          guaranteed_events_(settings.events_per_room / 2),
          rooms_(settings.events_per_room),
          reads_(settings.limits),
          thread_([this] { work(); }) {}
    ~MemoryStore() override { stop(); }

    chat::StoredRooms load_rooms() override { return {}; }

    void append(chat::StoreBatch batch, chat::BatchDone done) override {
        Append append{.batch = std::move(batch), .done = std::move(done)};
        MutexLock lock(mutex_);
        if (is_stopped_) {
            lock.unlock();
            return append.done(chat::CommitOutcome::failed);
        }
        chat::StoreBatch dropped;
        if (const std::size_t bytes = chat::queued_bytes(append.batch); bytes <= limits_.queued_bytes - queued_bytes_) {
            append.bytes = bytes;
            queued_bytes_ += bytes;
        } else {
            // It stays in the queue, so that it is answered in order, but keeps only its answer.
            append.is_refused = true;
            dropped.swap(append.batch);
        }
        appends_.push_back(std::move(append));
        lock.unlock();
        changed_.notify_one();
    }
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) override {
        push(ReadTag::page(query), Read{.query = query, .done = std::move(done)});
    }
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) override {
        push(ReadTag::lookup(), Find{.keys = std::move(keys), .done = std::move(done)});
    }
    std::uint64_t guaranteed_events() const override { return guaranteed_events_; }
    void ping(std::move_only_function<void(bool)> done) override {
        push(ReadTag::ping(), Ping{.done = std::move(done)});
    }

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
    };
    struct Find {
        std::vector<chat::SendKey> keys = {};
        std::move_only_function<void(chat::SendLookup)> done;
    };
    struct Ping {
        std::move_only_function<void(bool)> done;
    };
    using AnyRead = std::variant<Ping, Find, Read>;

    void push(const ReadTag& tag, AnyRead read) {
        {
            const MutexLock lock(mutex_);
            if (!is_stopped_) {
                if (!reads_.push(tag, read)) refused_.push_back(std::move(read));
                changed_.notify_one();
                return;
            }
        }
        refuse(read);
    }

    /// A batch is subtracted from the limit before its answer, so that the receiver of the answer may append another
    /// one.
    void answer(Append& append) {
        const bool committed = !append.is_refused && rooms_.apply(std::move(append.batch));
        queued_bytes_ -= append.bytes;
        append.done(committed ? chat::CommitOutcome::committed : chat::CommitOutcome::failed);
    }
    void answer(Read& read) { read.done(rooms_.read(read.query)); }
    void answer(Find& find) {
        chat::SendLookup lookup{.ok = true, .found = {}};
        for (const chat::SendKey& key : find.keys) lookup.found.push_back(rooms_.find(key));
        find.done(std::move(lookup));
    }
    void answer(Ping& ping) { ping.done(true); }
    static void refuse(AnyRead& read) {
        std::visit([](auto& one) { one.done({}); }, read);
    }

    void work() {
        std::vector<Append> appends;
        std::vector<AnyRead> refused;
        std::vector<AnyRead> reads;
        MutexLock lock(mutex_);
        while (true) {
            changed_.wait(lock, [this]() REQUIRES(mutex_) { return has_work() || is_stopped_; });
            if (!has_work()) return;
            appends.swap(appends_);
            refused.swap(refused_);
            while (std::optional<AnyRead> read = reads_.pop(Serves::short_reads)) reads.push_back(std::move(*read));
            // One page at a time: what arrives meanwhile comes before the next one.
            if (std::optional<AnyRead> page = reads_.pop(Serves::all)) reads.push_back(std::move(*page));
            lock.unlock();
            for (Append& append : appends) run_task(TaskThread::store, [&] { answer(append); });
            for (AnyRead& read : refused) run_task(TaskThread::store, [&] { refuse(read); });
            for (AnyRead& read : reads)
                run_task(TaskThread::store, [&] { std::visit([this](auto& one) { answer(one); }, read); });
            appends.clear();
            refused.clear();
            reads.clear();
            lock.lock();
        }
    }
    bool has_work() const REQUIRES(mutex_) { return !appends_.empty() || !refused_.empty() || reads_.has(Serves::all); }

    // Constant after construction.
    const chat::StoreLimits limits_;
    const std::uint64_t guaranteed_events_;

    // The store's thread only.
    RoomTable rooms_;

    // Any thread.
    Mutex mutex_;
    Condition changed_;
    std::vector<Append> appends_ GUARDED_BY(mutex_);
    ReadQueue<AnyRead> reads_ GUARDED_BY(mutex_);
    std::vector<AnyRead> refused_ GUARDED_BY(mutex_);  // beyond the limits
    bool is_stopped_ GUARDED_BY(mutex_) = false;

    std::atomic<std::size_t> queued_bytes_ = 0;  // not answered yet; raised under the mutex, lowered without

    // The owner only. Last: it uses all of the above.
    std::thread thread_;
};

}  // namespace

std::unique_ptr<chat::Store> make_memory_store(MemorySettings settings) {
    return std::make_unique<MemoryStore>(settings);
}

}  // namespace globes::store
