// kill -9 while the store writes: every event that was reported as committed is stored after the next open.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "contract/store_suite.h"
#include "store/sqlite/sqlite_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;

constexpr int kKills = 20;
constexpr std::uint64_t kEventsInBatch = 3;

/// In a child process: appends without end and writes the last seq of every committed batch to `acknowledged`.
[[noreturn]] void append_until_killed(const std::filesystem::path& file, int acknowledged) {
    // Small, so that some kills happen during checkpoints.
    const auto store = open_sqlite_store(file, {.checkpoint_pages = 20, .max_wal_pages = 50});
    const StoredRooms stored = store->load_rooms();
    std::uint64_t seq = stored.rooms.empty() ? 0 : stored.rooms[0].last_seq;
    if (stored.rooms.empty()) commit(*store, batch_of(PutRoom{sample_room(1)}));
    std::atomic<int> in_flight = 0;
    while (true) {
        const std::uint64_t last = seq + kEventsInBatch;
        in_flight.wait(8);  // Groups of eight at most.
        ++in_flight;
        store->append(appends(1, seq + 1, last), [&, last](CommitOutcome outcome) {
            if (outcome != CommitOutcome::committed || ::write(acknowledged, &last, sizeof last) != sizeof last)
                _exit(1);
            --in_flight;
            in_flight.notify_one();
        });
        seq = last;
    }
}

TEST(SqliteKill, EveryAcknowledgedEventSurvives) {
    const ScratchFolder folder;
    const auto file = folder.path() / "globes.db";
    std::uint64_t newest = 0;
    for (int kill_number = 0; kill_number < kKills; ++kill_number) {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t child = fork();
        if (child == 0) append_until_killed(file, ends[1]);
        close(ends[1]);
        // At a different time in each round. Seqs that are still in the pipe were acknowledged too.
        const std::uint64_t enough = newest + kEventsInBatch * static_cast<std::uint64_t>(20 + 37 * kill_number % 200);
        std::uint64_t acknowledged = newest;
        bool killed = false;
        while (::read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
            if (acknowledged < enough || killed) continue;
            kill(child, SIGKILL);
            killed = true;
        }
        close(ends[0]);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child failed by itself: " << WEXITSTATUS(status);

        const auto store = open_sqlite_store(file);
        const auto found = seqs_in(*store, 1);
        ASSERT_GE(found.size(), acknowledged);
        for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], i + 1) << "missing or repeated";
        ASSERT_EQ(found.size() % kEventsInBatch, 0) << "half a batch";
        ASSERT_EQ(store->load_rooms().rooms.at(0).last_seq, found.size());
        newest = found.size();
    }
}

}  // namespace
}  // namespace globes::store
