// A disk that fails at every possible point: the store's answers must be true, now and after a crash, and it must
// continue when the disk works again.
#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "contract/fault_vfs.h"
#include "contract/sqlite_files.h"
#include "contract/store_suite.h"
#include "store/sqlite/sqlite_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using testing::ElementsAre;
using testing::IsSubsetOf;
using enum CommitOutcome;

constexpr RoomId kRoom = 1;
constexpr RoomId kOtherRoom = 2;

/// Without it, the log lines of thousands of faults would hide the output of the tests.
class QuietLog {
public:
    QuietLog() { spdlog::set_level(spdlog::level::off); }
    ~QuietLog() { spdlog::set_level(level_); }
    QuietLog(const QuietLog&) = delete;
    QuietLog& operator=(const QuietLog&) = delete;

private:
    const spdlog::level::level_enum level_ = spdlog::get_level();
};

struct FaultCase {
    std::string name;
    Fault fault;
    bool once;
    Durability durability;
    bool checkpoints;  // a checkpoint during the test
};

class SqliteFaults : public testing::TestWithParam<FaultCase> {
protected:
    std::unique_ptr<Store> open_on_faulty_disk() const {
        SqliteSettings settings{.durability = GetParam().durability, .vfs = FaultVfs::name()};
        if (GetParam().checkpoints) settings.checkpoint_pages = 3, settings.max_wal_pages = 6;
        return open_sqlite_store(file_, settings);
    }

    const QuietLog quiet_log_;
    FaultVfs disk_;
    ScratchFolder folder_;
    const std::filesystem::path file_ = folder_.path() / "data" / "globes.db";
};

/// The outcomes that the store reported.
struct Answers {
    std::vector<std::uint64_t> committed_seqs;
    std::vector<std::uint64_t> failed_seqs;
    std::map<RoomId, CommitOutcome> rooms;  // of the puts of new rooms
};

/// Batches of events, alone and in groups, and rooms that are created and deleted.
Answers run_script(Store& store) {
    Answers answers;
    std::uint64_t seq = 1;
    const auto append = [&](std::uint64_t count) {
        const std::uint64_t first = seq;
        seq += count;
        store.append(appends(kRoom, first, seq - 1), [&answers, first, last = seq - 1](CommitOutcome outcome) {
            for (std::uint64_t one = first; one <= last; ++one) {
                if (outcome == committed) answers.committed_seqs.push_back(one);
                if (outcome == failed) answers.failed_seqs.push_back(one);
            }
        });
    };
    for (RoomId room = 10; room < 13; ++room) {
        append(1);
        commit(store, {});
        append(60);
        commit(store, {});
        {
            HeldWriter held(store);
            append(2);
            store.append(batch_of(PutRoom{sample_room(room)}),
                         [&answers, room](CommitOutcome outcome) { answers.rooms[room] = outcome; });
            append(3);
        }
        commit(store, batch_of(DeleteRoom{kOtherRoom}));
        commit(store, batch_of(PutRoom{sample_room(kOtherRoom)}, AppendEvent{sample_event(kOtherRoom, room)}));
    }
    append(1);
    commit(store, {});
    return answers;
}

/// Empty if the room cannot be read.
std::optional<std::vector<std::uint64_t>> seqs(const EventPage& page) {
    if (!page.ok) return std::nullopt;
    std::vector<std::uint64_t> seqs;
    for (const Event& event : page.events) seqs.push_back(event.seq);
    return seqs;
}

void expect_true(const Answers& answers, const std::vector<std::uint64_t>& found, const std::string& where) {
    EXPECT_THAT(answers.committed_seqs, IsSubsetOf(found)) << "committed, but absent " << where;
    std::vector<std::uint64_t> wrong;
    std::ranges::set_intersection(answers.failed_seqs, found, std::back_inserter(wrong));
    EXPECT_THAT(wrong, ElementsAre()) << "failed, but stored " << where;
}

/// Copies the files as after a crash, and checks what the next start finds.
void expect_true_after_crash(const Answers& answers, const std::filesystem::path& folder,
                             const std::optional<std::vector<std::uint64_t>>& settled) {
    const ScratchFolder scratch;
    const auto copy = scratch.path() / "copy";
    std::filesystem::copy(folder, copy);
    std::filesystem::remove(copy / "globes.db-shm");
    const auto store = open_sqlite_store(copy / "globes.db");
    const auto found = seqs_in(*store, kRoom);
    expect_true(answers, found, "after a crash");
    if (settled) {
        EXPECT_EQ(found, *settled) << "a read had settled it";
    }
    std::set<RoomId> rooms;
    for (const StoredRoom& room : store->load_rooms().rooms) rooms.insert(room.record.id);
    for (const auto& [room, outcome] : answers.rooms)
        if (outcome != unknown) {
            EXPECT_EQ(rooms.contains(room), outcome == committed) << "room " << room;
        }
}

TEST_P(SqliteFaults, ItsAnswersAreTrue) {
    int nth = 1;
    for (bool struck = true; struck && !HasFailure(); ++nth) {
        SCOPED_TRACE("operation " + std::to_string(nth));
        std::filesystem::remove_all(file_.parent_path());
        const auto store = open_on_faulty_disk();
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(kRoom)}, PutRoom{sample_room(kOtherRoom)})), committed);

        disk_.fail_from(nth, GetParam().fault, GetParam().once);
        const Answers answers = run_script(*store);
        struck = disk_.struck();
        const auto early = seqs(read(*store, {.room = kRoom, .limit = 1'000'000}));
        expect_true_after_crash(answers, file_.parent_path(), early);
        disk_.heal();

        ASSERT_EQ(commit(*store, {}), committed) << "the disk works again";
        std::vector<std::uint64_t> found = seqs_in(*store, kRoom);
        expect_true(answers, found, "in the same process");
        if (early) {
            EXPECT_EQ(found, *early);
        }
        EXPECT_EQ(commit(*store, appends(kRoom, 1000, 1000)), committed);
        found.push_back(1000);
        expect_true_after_crash(answers, file_.parent_path(), found);
    }
    EXPECT_GT(nth, 20) << "too few operations to fail";
}

INSTANTIATE_TEST_SUITE_P(
    Sqlite, SqliteFaults,
    testing::Values(FaultCase{"FullDisk", Fault::disk_full, false, Durability::process, false},
                    FaultCase{"OneFullDisk", Fault::disk_full, true, Durability::process, false},
                    FaultCase{"TornWrite", Fault::torn_write, true, Durability::process, false},
                    FaultCase{"TornWrites", Fault::torn_write, false, Durability::power, true},
                    FaultCase{"OneIoError", Fault::io_error, true, Durability::process, false},
                    FaultCase{"IoErrors", Fault::io_error, false, Durability::power, false},
                    FaultCase{"IoErrorsAndCheckpoints", Fault::io_error, false, Durability::process, true},
                    FaultCase{"OneFalseFailure", Fault::false_failure, true, Durability::power, false},
                    FaultCase{"FalseFailures", Fault::false_failure, false, Durability::process, false},
                    FaultCase{"FalseFailuresAndCheckpoints", Fault::false_failure, false, Durability::power, true}),
    [](const auto& which) { return which.param.name; });

class SqliteFaultTest : public testing::Test {
protected:
    const QuietLog quiet_log_;
    FaultVfs disk_;
    ScratchFolder folder_;
    const std::filesystem::path file_ = folder_.path() / "globes.db";
};

TEST_F(SqliteFaultTest, AFullDiskFailsBatchesButNotReads) {
    const auto store = open_sqlite_store(file_, {.vfs = FaultVfs::name()});
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, AppendEvent{sample_event(1, 1)})), committed);
    disk_.fail_from(1, Fault::disk_full, false);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(commit(*store, appends(1, 2, 2)), failed) << "and not unknown";
        EXPECT_THAT(seqs_in(*store, 1), ElementsAre(1));
        EXPECT_TRUE(ping(*store));
    }
    EXPECT_EQ(commit(*store, {}), failed);
    disk_.heal();
    EXPECT_EQ(commit(*store, appends(1, 2, 2)), committed);
    EXPECT_THAT(seqs_in(*store, 1), ElementsAre(1, 2));
}

TEST_F(SqliteFaultTest, ReadsOfAnUnsettledRoomAreNotOk) {
    const auto store = open_sqlite_store(file_, {.vfs = FaultVfs::name()});
    ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    disk_.fail_from(1, Fault::false_failure, false);
    EXPECT_EQ(commit(*store, appends(1, 1, 1)), unknown);
    EXPECT_FALSE(read(*store, {.room = 1, .limit = 10}).ok);
    EXPECT_FALSE(find_sends(*store, {{2, "david", "c1"}, {1, "david", "c1"}}).ok);
    EXPECT_TRUE(read(*store, {.room = 2, .limit = 10}).ok) << "none of its writes is unknown";
    EXPECT_TRUE(find_sends(*store, {{2, "david", "c1"}}).ok);
    EXPECT_EQ(commit(*store, {}), unknown);
    EXPECT_FALSE(read(*store, {.room = 1, .limit = 10}).ok) << "an empty batch does not settle the outcome";
    disk_.heal();
    // Without anything to commit.
    EventPage page;
    while (!page.ok) page = read(*store, {.room = 1, .limit = 10});
    EXPECT_EQ(commit(*store, appends(1, 1, 1)), page.events.empty() ? committed : failed);
}

TEST_F(SqliteFaultTest, ReadsContinueWhenTheDiskWorksAgain) {
    {
        const auto store = open_sqlite_store(file_);
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
        ASSERT_EQ(commit(*store, appends(1, 1, 500)), committed);
    }
    const auto store = open_sqlite_store(file_, {.vfs = FaultVfs::name()});
    disk_.fail_reads(true);
    EXPECT_FALSE(read(*store, {.room = 1, .limit = 1000}).ok);
    EXPECT_FALSE(find_sends(*store, {{1, "david", "c1"}}).ok);
    EXPECT_FALSE(ping(*store));
    EXPECT_EQ(commit(*store, appends(1, 501, 501)), failed);
    disk_.fail_reads(false);
    EXPECT_EQ(seqs_in(*store, 1).size(), 500);
    EXPECT_TRUE(ping(*store));
    EXPECT_EQ(commit(*store, appends(1, 501, 501)), committed);
}

TEST_F(SqliteFaultTest, AFaultWhileOpeningIsAnErrorAndTheNextOpenContinues) {
    bool struck = true;
    for (int nth = 1; struck && !HasFailure(); ++nth) {
        SCOPED_TRACE(nth);
        disk_.fail_from(nth, Fault::io_error, false);
        std::string error;
        try {
            const auto store = open_sqlite_store(file_, {.vfs = FaultVfs::name()});
            store->load_rooms();
        } catch (const std::runtime_error& failure) {
            error = failure.what();
        }
        struck = disk_.struck();
        disk_.heal();
        if (!error.empty()) {
            EXPECT_THAT(error, testing::HasSubstr(file_.string()));
        }
        const auto store = open_sqlite_store(file_, {.vfs = FaultVfs::name()});
        EXPECT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
        std::filesystem::remove(file_);
    }
}

}  // namespace
}  // namespace globes::store
