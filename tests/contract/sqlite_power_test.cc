// A power failure while the store writes: `power` loses nothing acknowledged; `process` loses events only at the end,
// and no part of a batch.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "chat/core.h"
#include "contract/power_vfs.h"
#include "contract/sqlite_files.h"
#include "contract/store_suite.h"
#include "store/sqlite/sqlite_store.h"
#include "unit/chat/fakes.h"

namespace globes::store {
namespace {

using namespace globes::chat;

constexpr std::uint64_t kEventsInBatch = 3;
constexpr int kBatchesInFlight = 8;
constexpr int kCuts = 50;

/// Runs the core's tasks, which any thread posts, on the test's thread.
class TaskMailbox {
public:
    void post(Task task) {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        changed_.notify_one();
    }
    void run_next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !tasks_.empty(); });
        run_first(lock);
    }
    bool run_if_any() {
        std::unique_lock lock(mutex_);
        if (tasks_.empty()) return false;
        run_first(lock);
        return true;
    }

private:
    void run_first(std::unique_lock<std::mutex>& lock) {
        Task task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Task> tasks_;
};

class SqlitePower : public testing::TestWithParam<Durability> {
protected:
    struct Outcome {
        std::uint64_t acknowledged = 0;  ///< The newest seq that was answered `committed` before the power went.
        std::size_t lost_writes = 0;
    };
    /// Appends until `enough` batches are acknowledged; then cuts the power.
    Outcome write_until_the_power_goes(std::uint64_t enough, std::uint32_t seed) {
        PowerVfs disk(seed);
        Outcome outcome;
        {
            // Small, so that the power also fails during checkpoints.
            const auto store = open_sqlite_store(
                file, {.durability = GetParam(), .checkpoint_pages = 20, .max_wal_pages = 50, .vfs = PowerVfs::name()});
            const StoredRooms stored = store->load_rooms();
            if (stored.rooms.empty()) commit(*store, batch_of(PutRoom{sample_room(1)}));
            std::uint64_t seq = stored.rooms.empty() ? 0 : stored.rooms[0].last_seq;
            std::atomic<std::uint64_t> acknowledged = seq;
            std::atomic<int> in_flight = 0;
            while (acknowledged < enough) {
                const std::uint64_t last = seq + kEventsInBatch;
                in_flight.wait(kBatchesInFlight);
                ++in_flight;
                store->append(appends(1, seq + 1, last), [&, last](CommitOutcome answer) {
                    if (answer == CommitOutcome::committed) acknowledged = last;
                    --in_flight;
                    in_flight.notify_one();
                });
                seq = last;
            }
            outcome.acknowledged = acknowledged;
            disk.cut();
            outcome.lost_writes = disk.lost();
            store->stop();
        }
        disk.restore();
        return outcome;
    }

    const ScratchFolder folder;
    const std::filesystem::path file = folder.path() / "globes.db";
};

TEST_P(SqlitePower, LosesNothingAcknowledgedOrOnlyTheEnd) {
    std::uint64_t there = 0;
    std::size_t lost_writes = 0;
    bool has_lost_events = false;
    for (int cut = 0; cut < kCuts; ++cut) {
        const auto seed = static_cast<std::uint32_t>(cut);
        const std::uint64_t enough = there + kEventsInBatch * (20 + 37 * static_cast<std::uint64_t>(cut) % 200);
        const Outcome outcome = write_until_the_power_goes(enough, seed);
        lost_writes += outcome.lost_writes;

        ASSERT_EQ(ask_sql(file, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
        const auto store = open_sqlite_store(file);
        const auto found = seqs_in(*store, 1);
        for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], i + 1) << "missing or repeated";
        ASSERT_EQ(found.size() % kEventsInBatch, 0) << "half a batch";
        if (GetParam() == Durability::power) {
            ASSERT_GE(found.size(), outcome.acknowledged);
        }
        has_lost_events |= found.size() < outcome.acknowledged;
        there = found.size();
    }
    EXPECT_GT(lost_writes, 0U) << "no write was in flight";
    EXPECT_EQ(has_lost_events, GetParam() == Durability::process) << "the difference between the two levels";
}

// After a loss, the same seqs are used for other events; a client that has seen the lost ones must be told.
TEST_P(SqlitePower, TheTimeOfTheLastEventTellsWhetherItWasLost) {
    std::uint64_t seen = 0;
    std::uint64_t kept = 0;
    const bool loses = GetParam() == Durability::process;
    for (std::uint32_t cut = 0; cut < kCuts && (cut == 0 || (loses && seen == kept)); ++cut) {
        seen = write_until_the_power_goes(kept + 300, cut).acknowledged;
        const auto store = open_sqlite_store(file);
        kept = seqs_in(*store, 1).back();
        seen = std::max(seen, kept);
    }
    EXPECT_EQ(seen > kept, loses);
    const auto store = open_sqlite_store(file);
    constexpr UnixMicros kLater = 3'600'000'000;
    for (std::uint64_t seq = kept + 1; seq <= seen + 1; ++seq) {
        Event again = sample_event(1, seq);
        again.time += kLater;
        ASSERT_EQ(commit(*store, batch_of(AppendEvent{again})), CommitOutcome::committed);
    }

    TaskMailbox mailbox;
    const ManualClock clock;
    const TextEncoder encoder;
    Core core({.store = *store,
               .clock = clock,
               .encoder = encoder,
               .io_threads = {},
               .post =
                   [&](TaskBatch tasks) {
                       mailbox.post([tasks = std::move(tasks)]() mutable { tasks.run(TaskThread::core); });
                   }},
              {});
    core.load(store->load_rooms());
    const auto check = [&](std::uint64_t seq) {
        std::optional<CatchUp::SeenCheck> result;
        core.catch_up().check_last_seen(1, {.seq = seq, .time = sample_event(1, seq).time}, kServerAsks,
                                        [&](CatchUp::SeenCheck checked) { result = checked; });
        while (!result) mailbox.run_next();
        return *result;
    };
    EXPECT_EQ(check(kept), CatchUp::SeenCheck::matches);
    EXPECT_EQ(check(seen), seen > kept ? CatchUp::SeenCheck::differs : CatchUp::SeenCheck::matches);
    store->stop();
    while (mailbox.run_if_any()) {
    }
}

INSTANTIATE_TEST_SUITE_P(Levels, SqlitePower, testing::Values(Durability::process, Durability::power),
                         [](const auto& test) { return test.param == Durability::power ? "Power" : "Process"; });

}  // namespace
}  // namespace globes::store
