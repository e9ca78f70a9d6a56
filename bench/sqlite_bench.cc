// The cost of storing and reading events: CPU of the store's own threads for each call, with one call in flight.
// `items_per_second` are events, or keys, for each second of that CPU; `wall_us` is how long the answer took. The
// database stands in the working folder, which should be on a disk.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <time.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"

namespace globes {
namespace {

double cpu_seconds(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// The CPU time of all threads except this one.
double store_cpu_seconds() { return cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_seconds(CLOCK_THREAD_CPUTIME_ID); }

class Folder {
public:
    Folder() {
        std::string name = "sqlite_bench.XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// Random order, like the UUIDs of clients.
std::string client_id(std::uint64_t seq) {
    const std::uint64_t scattered = seq * 0x9E37'79B9'7F4A'7C15;
    return fmt::format("{:08x}-{:04x}-4f5b-9d53-{:012x}", scattered >> 32, scattered >> 16 & 0xFFFF, seq);
}

enum Ids : std::int64_t { without_ids, with_ids };

chat::Event event(chat::RoomId room, std::uint64_t seq, Ids ids) {
    return {.kind = chat::EventKind::send,
            .room = room,
            .seq = seq,
            .name = "my-username",
            .color = "red",
            .text = std::string(60, 'x'),
            .client_id = ids == with_ids ? client_id(seq) : std::string(),
            .time = 1'607'030'634'421'318 + static_cast<UnixMicros>(seq)};
}

bool commit(chat::Store& store, chat::StoreBatch batch) {
    std::promise<bool> committed;
    store.append(std::move(batch),
                 [&](chat::CommitOutcome outcome) { committed.set_value(outcome == chat::CommitOutcome::committed); });
    return committed.get_future().get();
}

/// Counts the CPU and the time of one call.
class Meter {
public:
    template <class Call>
    void measure(benchmark::State& state, Call call) {
        const double cpu_before = store_cpu_seconds();
        const auto before = std::chrono::steady_clock::now();
        call();
        wall_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
        state.SetIterationTime(store_cpu_seconds() - cpu_before);
    }
    void report(benchmark::State& state, std::uint64_t items) const {
        state.SetItemsProcessed(static_cast<std::int64_t>(items));
        state.counters["wall_us"] = benchmark::Counter(wall_s_ * 1e6, benchmark::Counter::kAvgIterations);
    }

private:
    double wall_s_ = 0;
};

/// The first range is the size of a batch, the second in how many rooms its events are, the third whether they have
/// client ids.
void append_batches(benchmark::State& state, chat::Store& store) {
    const auto batch_size = static_cast<std::uint64_t>(state.range(0));
    const auto rooms = static_cast<chat::RoomId>(state.range(1));
    const auto ids = static_cast<Ids>(state.range(2));
    for (chat::RoomId room = 1; room <= rooms; ++room) {
        chat::StoreBatch batch;
        batch.push_back(chat::PutRoom{{.id = room, .title = "Room " + std::to_string(room)}});
        if (!commit(store, std::move(batch))) return state.SkipWithError("no room");
    }
    std::uint64_t count = 0;
    bool is_committed = true;
    Meter meter;
    for (auto _ : state) {
        chat::StoreBatch batch;
        for (std::uint64_t i = 0; i < batch_size; ++i, ++count)
            batch.push_back(chat::AppendEvent{event(count % rooms + 1, count / rooms + 1, ids)});
        meter.measure(state, [&] { is_committed &= commit(store, std::move(batch)); });
    }
    if (!is_committed) state.SkipWithError("not committed");
    meter.report(state, count);
}

void sqlite_append(benchmark::State& state, store::Durability durability) {
    const Folder folder;
    const auto store = store::open_sqlite_store(folder.path() / "globes.db", {.durability = durability});
    append_batches(state, *store);
    store->stop();
}
BENCHMARK_CAPTURE(sqlite_append, process, store::Durability::process)
    ->ArgsProduct({{1, 10, 100, 1000}, {1}, {without_ids, with_ids}})
    ->ArgsProduct({{200}, {200}, {without_ids, with_ids}})
    ->UseManualTime();
BENCHMARK_CAPTURE(sqlite_append, power, store::Durability::power)
    ->ArgsProduct({{1, 10, 100, 1000}, {1}, {with_ids}})
    ->UseManualTime();

/// A store with one room of `count` events with client ids; the last store is kept for the next call.
chat::Store& filled_store(std::uint64_t count) {
    struct Filled {
        std::uint64_t count;
        Folder folder;
        std::unique_ptr<chat::Store> store;
    };
    static std::unique_ptr<Filled> filled;
    if (filled != nullptr && filled->count == count) return *filled->store;
    filled = std::make_unique<Filled>(count);
    filled->store = store::open_sqlite_store(filled->folder.path() / "globes.db");
    chat::StoreBatch batch;
    batch.push_back(chat::PutRoom{{.id = 1, .title = "Room 1"}});
    for (std::uint64_t seq = 1; seq <= count; ++seq) {
        batch.push_back(chat::AppendEvent{event(1, seq, with_ids)});
        if (batch.size() >= 10'000 || seq == count) commit(*filled->store, std::exchange(batch, {}));
    }
    return *filled->store;
}

/// The first range is the number of stored events, the second the size of a page. Pages from any place.
void sqlite_page(benchmark::State& state, bool expires) {
    const auto stored = static_cast<std::uint64_t>(state.range(0));
    const auto limit = static_cast<std::size_t>(state.range(1));
    chat::Store& store = filled_store(stored);
    std::uint64_t pages = 0;
    bool is_complete = true;
    Meter meter;
    for (auto _ : state) {
        const std::uint64_t from = ++pages * 7919 % (stored - limit);
        const UnixMicros oldest = event(1, from + 1, without_ids).time;
        const chat::Expiry expiry{.now = 2 * oldest, .period = oldest};
        const chat::EventQuery query{
            .room = 1, .after = expires ? 0 : from, .limit = limit, .expiry = expires ? expiry : chat::Expiry()};
        std::promise<chat::EventPage> page;
        auto answer = page.get_future();
        meter.measure(state, [&] {
            store.read_events(query, [&](chat::EventPage read) { page.set_value(std::move(read)); });
            answer.wait();
        });
        const chat::EventPage read = answer.get();
        is_complete &= read.events.size() == limit && read.events.front().seq == from + 1;
    }
    if (!is_complete) state.SkipWithError("not what was asked for");
    meter.report(state, pages * limit);
}
BENCHMARK_CAPTURE(sqlite_page, kept, false)->ArgsProduct({{1'000, 1'000'000}, {50}})->UseManualTime();
BENCHMARK_CAPTURE(sqlite_page, not_expired, true)->ArgsProduct({{1'000, 1'000'000}, {50}})->UseManualTime();

/// The first range is the number of stored events, the second the number of keys of a call; every other one exists.
void sqlite_find(benchmark::State& state) {
    const auto stored = static_cast<std::uint64_t>(state.range(0));
    const auto count = static_cast<std::uint64_t>(state.range(1));
    chat::Store& store = filled_store(stored);
    std::uint64_t asked = 0;
    bool is_true = true;
    Meter meter;
    for (auto _ : state) {
        std::vector<chat::SendKey> keys;
        for (std::uint64_t i = 0; i < count; ++i, ++asked)
            keys.push_back({1, "my-username", client_id(asked * 7919 % stored + 1 + asked % 2 * stored)});
        std::promise<chat::SendLookup> lookup;
        auto answer = lookup.get_future();
        meter.measure(state, [&] {
            store.find_sends(std::move(keys), [&](chat::SendLookup found) { lookup.set_value(std::move(found)); });
            answer.wait();
        });
        const chat::SendLookup found = answer.get();
        for (std::uint64_t i = 0; i < found.found.size(); ++i)
            is_true &= found.found[i].has_value() == ((asked - count + i) % 2 == 0);
        is_true &= found.ok && found.found.size() == count;
    }
    if (!is_true) state.SkipWithError("not what was sent");
    meter.report(state, asked);
}
BENCHMARK(sqlite_find)->ArgsProduct({{1'000, 1'000'000}, {1, 100}})->UseManualTime();

void memory_append(benchmark::State& state) {
    const auto store = store::make_memory_store();
    append_batches(state, *store);
    store->stop();
}
BENCHMARK(memory_append)->ArgsProduct({{1, 10, 100, 1000}, {1}, {with_ids}})->UseManualTime();

}  // namespace
}  // namespace globes
