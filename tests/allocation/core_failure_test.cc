// After any failed allocation in the core, no room stops: every room stores the next sends, and its log is what the
// store has.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <string>
#include <vector>

#include "allocation/counter.h"
#include "unit/chat/core_harness.h"

namespace globes::chat {
namespace {

constexpr std::array<ConnectionId, 3> kRooms{1, 2, 3};  // each with the connection of the same number

/// A server with three rooms, of which each has a member.
struct Server : CoreHarness {
    explicit Server(bool store_reports_repeats) : CoreHarness(store_reports_repeats) {
        std::vector<StoredRoom> rooms;
        for (const RoomId room : kRooms)
            rooms.push_back({.record = {.id = room, .title = "Room " + std::to_string(room)}});
        load(std::move(rooms), 4);
        for (const RoomId room : kRooms) enter({room}, room);
        for (const RoomId room : kRooms) join(room, "ann");
        settle();
        say("before");
        settle();
    }

    void TestBody() override {}

    /// As the core thread does it: an exception ends its task only.
    template <class Act>
    static void run(Act&& act) {
        run_task(TaskThread::core, act);
    }
    void say(const std::string& text, const std::string& id = {}) {
        for (const RoomId room : kRooms) run([&] { send(room, "ann", text, id); });
    }
    void end_batch() {
        run([this] { core.end_batch(); });
    }
    /// The batch is stored, but the core does not learn that.
    void answer_unknown() {
        run([this] { store.answer_unknown(true); });
        posted.take().run(TaskThread::core);
    }
    /// As `settle`, and reads of the store are answered too.
    void work() {
        TaskBatch tasks = posted.take();
        do {
            tasks.run(TaskThread::core);
            run([this] { core.end_batch(); });
            while (!store.batches.empty()) run([this] { store.commit(); });
            while (!store.reads.empty()) run([this] { store.answer_read(); });
            tasks = posted.take();
        } while (!tasks.empty());
    }
    void check() {
        for (int round = 0; round < 3; ++round) {
            say("after " + std::to_string(round), "id " + std::to_string(round));
            work();
        }
        for (const RoomId room : kRooms) {
            std::string stored;
            for (const Event& event : store.kept[room].events)
                stored += "#" + std::to_string(event.seq) + " ann: " + event.text + "\n";
            EXPECT_TRUE(stored.ends_with("after 2\n")) << "room " << room << " has stopped:\n" << stored;
            // Without memory, a slice may be lost on its way to an I/O thread, which then ends the connections.
            if (has_lost_slice(room)) continue;
            const std::string log = read(room);
            EXPECT_TRUE(log.ends_with(stored)) << "room " << room << " shows\n" << log << "and has stored\n" << stored;
        }
    }
    bool has_lost_slice(RoomId room) {
        const std::vector<roomlog::Slice>& slices = io_threads[0].published[room];
        return std::ranges::adjacent_find(slices, [](const auto& slice, const auto& next) {
                   return slice.end() != next.begin;
               }) != slices.end();
    }
};

class CoreFailureTest : public testing::TestWithParam<bool> {
protected:
    CoreFailureTest() { spdlog::set_level(spdlog::level::off); }
    ~CoreFailureTest() override { spdlog::set_level(spdlog::level::info); }

    /// Lets each allocation of `act` fail, and then each with those that follow it, for one server each.
    template <class Act>
    void fail_each(Act act) {
        for (const std::size_t length : {1U, 2U, 3U, 5U, 8U}) fail_each(length, act);
    }
    template <class Act>
    void fail_each(std::size_t length, Act act) {
        std::size_t number = 0;
        for (bool has_failed = true; has_failed;) {
            SCOPED_TRACE(std::to_string(length) + " allocations from " + std::to_string(++number) + " on");
            Server server(GetParam());
            fail_allocations(number, length);
            act(server);
            has_failed = !will_allocation_fail();
            fail_allocations(0);
            server.work();
            server.check();
        }
        EXPECT_GT(number, 20U) << "something is allocated";
    }
};

INSTANTIATE_TEST_SUITE_P(StoreReportsRepeats, CoreFailureTest, testing::Bool(),
                         [](const auto& reports) { return reports.param ? "Yes" : "No"; });

TEST_P(CoreFailureTest, OfSends) {
    fail_each([](Server& server) {
        server.say("first");
        server.say("second", "id");
        server.work();
    });
}

TEST_P(CoreFailureTest, OfSendsBehindABatchInFlight) {
    fail_each([](Server& server) {
        server.say("first", "one");
        server.end_batch();
        server.say("second", "two");
        server.say("second again", "two");
        server.work();
    });
}

TEST_P(CoreFailureTest, OfTheReadAfterAnUnknownOutcome) {
    fail_each([](Server& server) {
        server.say("first", "one");
        server.end_batch();
        server.answer_unknown();
        server.end_batch();
    });
}

}  // namespace
}  // namespace globes::chat
