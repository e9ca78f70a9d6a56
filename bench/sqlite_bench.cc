// What it costs to store events: CPU of the store's own threads (writer and checkpoints) for each batch, one batch in
// flight. `items_per_second` are events for each second of that CPU; `wall_us` is how long the answer took. The
// database stands in the working folder, which should be on a disk.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <time.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <string>

#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"

namespace globes {
namespace {

double cpu_seconds(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Of all threads but this one.
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

chat::Event event(chat::RoomId room, std::uint64_t seq) {
    return {.kind = chat::EventKind::send,
            .room = room,
            .seq = seq,
            .name = "my-username",
            .color = "red",
            .text = std::string(60, 'x'),
            .client_id = "6e2bd2a6-5d3c-4f5b-9d53-0c3a3f6f9d11",
            .time = 1'607'030'634'421'318};
}

bool commit(chat::Store& store, chat::StoreBatch batch) {
    std::promise<bool> committed;
    store.append(std::move(batch),
                 [&](chat::CommitOutcome outcome) { committed.set_value(outcome == chat::CommitOutcome::committed); });
    return committed.get_future().get();
}

/// The first range is the size of a batch, the second in how many rooms its events are.
void append_batches(benchmark::State& state, chat::Store& store) {
    const auto batch_size = static_cast<std::uint64_t>(state.range(0));
    const auto rooms = static_cast<chat::RoomId>(state.range(1));
    for (chat::RoomId room = 1; room <= rooms; ++room) {
        chat::StoreBatch batch;
        batch.push_back(chat::PutRoom{{.id = room, .title = "Room " + std::to_string(room)}});
        if (!commit(store, std::move(batch))) return state.SkipWithError("no room");
    }
    std::uint64_t count = 0;
    double wall_s = 0;
    for (auto _ : state) {
        chat::StoreBatch batch;
        for (std::uint64_t i = 0; i < batch_size; ++i, ++count)
            batch.push_back(chat::AppendEvent{event(count % rooms + 1, count / rooms + 1)});
        const double cpu_before = store_cpu_seconds();
        const auto before = std::chrono::steady_clock::now();
        if (!commit(store, std::move(batch))) return state.SkipWithError("not committed");
        wall_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
        state.SetIterationTime(store_cpu_seconds() - cpu_before);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(count));
    state.counters["wall_us"] = benchmark::Counter(wall_s * 1e6, benchmark::Counter::kAvgIterations);
}

void sqlite_append(benchmark::State& state, store::Durability durability) {
    const Folder folder;
    const auto store = store::open_sqlite_store(folder.path() / "globes.db", {.durability = durability});
    append_batches(state, *store);
    store->stop();
}
BENCHMARK_CAPTURE(sqlite_append, process, store::Durability::process)
    ->ArgsProduct({{1, 10, 100, 1000}, {1}})
    ->Args({200, 200})
    ->UseManualTime();
BENCHMARK_CAPTURE(sqlite_append, power, store::Durability::power)
    ->ArgsProduct({{1, 10, 100, 1000}, {1}})
    ->UseManualTime();

void memory_append(benchmark::State& state) {
    const auto store = store::make_memory_store();
    append_batches(state, *store);
    store->stop();
}
BENCHMARK(memory_append)->ArgsProduct({{1, 10, 100, 1000}, {1}})->UseManualTime();

}  // namespace
}  // namespace globes

BENCHMARK_MAIN();
