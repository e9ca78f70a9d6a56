// A database that is dropped, emptied, restored or replaced while a store uses it: the store finds out within a
// heartbeat interval, or at the next `ping`, and stops writing.
#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "contract/fake_mongodb.h"
#include "contract/store_suite.h"
#include "store/mongo/mongo_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using enum CommitOutcome;

constexpr MongoTimes kTimes{.heartbeat = 20ms};
// Longer than the test: no heartbeat.
constexpr MongoTimes kNoHeartbeat{.heartbeat = 1h};

/// Captures the log during its lifetime.
class Log {
public:
    Log() {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
    }
    ~Log() { spdlog::set_default_logger(before_); }
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    /// Call after all threads that log have ended.
    std::string text() const { return text_.str(); }

private:
    std::ostringstream text_;
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

class MongoLost : public testing::Test {
protected:
    std::unique_ptr<Store> open(MongoTimes times = kTimes) {
        return open_mongo_store({.uri = server_.uri(), .times = times});
    }
    /// Has rooms 1 and 2 with an event in each.
    std::unique_ptr<Store> open_with_events(MongoTimes times = kTimes) {
        auto store = open(times);
        EXPECT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)},
                                          AppendEvent{sample_event(1, 1)}, AppendEvent{sample_event(2, 1)})),
                  committed);
        return store;
    }
    /// Sends until a send fails; returns false if no send fails for a long time.
    static bool is_refused_at_last(Store& store) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        for (std::uint64_t seq = 100; std::chrono::steady_clock::now() < end; ++seq)
            if (commit(store, appends(1, seq, seq)) != committed) return true;
        return false;
    }
    void expect_lost(Store& store, const Log& log, const std::string& cause) {
        EXPECT_TRUE(is_refused_at_last(store));
        EXPECT_EQ(commit(store, appends(2, 2, 2)), failed) << "in every room";
        EXPECT_EQ(commit(store, batch_of(PutRoom{sample_room(3)})), failed);
        EXPECT_FALSE(ping(store));
        EXPECT_FALSE(read(store, {.room = 1, .limit = 1}).ok) << "another database's documents are not history";
        store.stop();
        const std::string text = log.text();
        EXPECT_THAT(text, HasSubstr("event=database_lost"));
        EXPECT_THAT(text, HasSubstr(cause));
        EXPECT_EQ(text.find("database_lost"), text.rfind("database_lost")) << "one line";
    }

    FakeMongodb server_;
};

TEST_F(MongoLost, ADroppedDatabaseGetsNoMoreWrites) {
    const Log log;
    const auto store = open_with_events();
    server_.set_contents({});
    expect_lost(*store, log, "missing");
}

TEST_F(MongoLost, ARestoredOlderStateGetsNoMoreWrites) {
    const Log log;
    open_with_events()->stop();
    auto older_state = server_.contents();
    const auto store = open();
    ASSERT_EQ(commit(*store, appends(1, 2, 5)), committed);
    server_.set_contents(std::move(older_state));
    expect_lost(*store, log, "older");
}

TEST_F(MongoLost, ARestoredOlderStateOfTheSameStartGetsNoMoreWrites) {
    const Log log;
    const auto store = open_with_events();
    auto older_state = server_.contents();
    const std::size_t updates = server_.count("update");
    while (server_.count("update") < updates + 4) std::this_thread::yield();
    ASSERT_EQ(commit(*store, appends(1, 2, 5)), committed);
    server_.set_contents(std::move(older_state));
    expect_lost(*store, log, "older");
}

TEST_F(MongoLost, MessagesThatAreRemovedFromTheirCollectionAreNoticed) {
    const Log log;
    const auto store = open_with_events();
    auto contents = server_.contents();
    contents["globes_events"].remove({});
    server_.set_contents(std::move(contents));
    // No other send meanwhile, because its event would be the newest.
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (ping(*store) && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    expect_lost(*store, log, "message");
}

TEST_F(MongoLost, ARestoredStateThatAnotherProcessHasTakenOverIsNotMistakenForItsOwn) {
    const Log log;
    open_with_events()->stop();
    auto older_state = server_.contents();
    const auto store = open(kNoHeartbeat);
    server_.set_contents(std::move(older_state));
    // The other process gets the same number.
    const auto other = open();
    EXPECT_FALSE(ping(*store));
    EXPECT_EQ(commit(*store, appends(1, 2, 2)), failed);
    EXPECT_TRUE(ping(*other));
    EXPECT_EQ(commit(*other, appends(1, 2, 2)), committed);
    store->stop();
    other->stop();
    EXPECT_THAT(log.text(), HasSubstr("event=database_lost"));
}

TEST_F(MongoLost, ADatabaseThatIsReplacedByAnEmptyOneOfAnotherStartGetsNoMoreWrites) {
    const Log log;
    const auto store = open_with_events();
    FakeMongodb other;
    const auto stranger = open_mongo_store({.uri = other.uri(), .times = kNoHeartbeat});
    server_.set_contents(other.contents());
    expect_lost(*store, log, "another");
}

TEST_F(MongoLost, ADroppedCollectionIsNoticedByItsMissingIndexes) {
    for (const char* name : {"globes_events", "globes_rooms"}) {
        const Log log;
        const auto store = open_with_events();
        auto contents = server_.contents();
        contents.erase(name);
        server_.set_contents(std::move(contents));
        expect_lost(*store, log, name);
        server_.set_contents({});
    }
}

TEST_F(MongoLost, APingNoticesItWithoutAHeartbeat) {
    const auto store = open_with_events(kNoHeartbeat);
    ASSERT_TRUE(ping(*store));
    server_.set_contents({});
    EXPECT_FALSE(ping(*store));
    EXPECT_EQ(commit(*store, appends(1, 2, 2)), failed);
}

TEST_F(MongoLost, NoRoomIsChangedInAnotherDatabase) {
    const auto store = open_with_events(kNoHeartbeat);
    server_.set_contents({});
    EXPECT_EQ(commit(*store, batch_of(PutRoom{sample_room(3)})), failed);
    EXPECT_TRUE(server_.contents()["globes_rooms"].find({}, {}, 0).empty());
}

TEST_F(MongoLost, AReadOfTheStateBeforeAFailOverIsNotALoss) {
    const auto store = open_with_events(kNoHeartbeat);
    auto now = server_.contents();
    server_.set_contents({});
    // The read finds nothing; later calls find everything.
    server_.set_tamper([&, done = false](const std::string& command, std::string&) mutable {
        if (command == "find" && !std::exchange(done, true))
            server_.collection("globes_counters") = now["globes_counters"];
        return true;
    });
    ping(*store);
    server_.set_tamper(nullptr);
    server_.set_contents(std::move(now));
    EXPECT_TRUE(ping(*store));
    EXPECT_EQ(commit(*store, appends(1, 2, 2)), committed);
}

}  // namespace
}  // namespace globes::store
