// The messages and counts of an import if a store does not commit a batch.
#include "maintenance/import_batch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <deque>
#include <optional>
#include <utility>

namespace globes::maintenance {
namespace {

using chat::BatchOutcome;
using testing::ElementsAre;
using enum chat::CommitOutcome;

/// Answers with the given outcomes, and then commits everything.
class ScriptedStore final : public chat::Store {
public:
    chat::StoredRooms load_rooms() override { return {}; }
    void append(chat::StoreBatch batch, chat::BatchDone done) override {
        sizes.push_back(batch.size());
        BatchOutcome outcome = committed;
        if (!outcomes.empty()) {
            outcome = outcomes.front();
            outcomes.pop_front();
        }
        done(std::move(outcome));
    }
    void read_events(chat::EventQuery, std::move_only_function<void(chat::EventPage)> done) override { done({}); }
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) override {
        chat::SendLookup lookup{.ok = can_look_up, .found = {}};
        lookup.found.resize(keys.size());
        if (found) lookup.found.front() = found;
        done(std::move(lookup));
    }
    void ping(std::move_only_function<void(bool)> done) override { done(true); }
    void stop() override {}

    std::deque<BatchOutcome> outcomes;
    std::optional<chat::Event> found;
    bool can_look_up = true;
    std::vector<std::size_t> sizes;  // of the batches
};

class ImportBatchTest : public testing::Test {
protected:
    void add_event(chat::RoomId room, std::uint64_t seq) {
        const chat::Event event{.room = room, .seq = seq, .name = "ada", .text = "hello", .client_id = "c"};
        batch_.add({chat::AppendEvent{event}}, ++line_, {.events = 1});
    }
    /// `line 2, repeat: <the fault>`
    std::string fault() {
        try {
            batch_.finish();
        } catch (const ImportFault& fault) {
            return fmt::format("line {}, {}: {}", fault.line(), fault.remedy() == Remedy::repeat ? "repeat" : "change",
                               fault.what());
        }
        return "(none)";
    }

    ScriptedStore store_;
    ImportBatch batch_{store_};
    std::uint64_t line_ = 0;
};

TEST_F(ImportBatchTest, ALineThatCannotBeWrittenIsFoundAndMayBeRepeated) {
    store_.outcomes = {failed, committed, failed};
    for (std::uint64_t seq = 1; seq <= 3; ++seq) add_event(2, seq);
    EXPECT_EQ(fault(), "line 2, repeat: room 2: seq 2: the store could not write it");
    EXPECT_EQ(batch_.committed().events, 1);
    EXPECT_THAT(store_.sizes, ElementsAre(3, 1, 1));
}

TEST_F(ImportBatchTest, AnIdOfAnotherEventIsDistinguishedFromAFailingStore) {
    store_.outcomes = {failed, failed};
    store_.found = chat::Event{.room = 2, .seq = 7};
    add_event(2, 9);
    EXPECT_EQ(fault(), "line 1, change: room 2: seq 9: its id is already used by seq 7 of the same sender");
    store_.outcomes = {failed, failed};
    store_.can_look_up = false;
    add_event(2, 9);
    EXPECT_EQ(fault(), "line 2, repeat: room 2: seq 9: the store could not write it");
}

TEST_F(ImportBatchTest, AnUnknownOutcomeIsNotTriedAgain) {
    store_.outcomes = {unknown};
    add_event(2, 1);
    add_event(2, 2);
    EXPECT_EQ(fault(),
              "line 1, repeat: room 2: seq 1: it is unknown whether the store wrote this line and those after it");
    EXPECT_EQ(batch_.committed().events, 0);
    EXPECT_THAT(store_.sizes, ElementsAre(2));
}

TEST_F(ImportBatchTest, RoomsWithDifferentOutcomesAreDistinguished) {
    store_.outcomes = {BatchOutcome({{.room = 2, .outcome = committed}, {.room = 3, .outcome = failed}}), committed};
    add_event(2, 1);
    add_event(3, 1);
    add_event(3, 2);
    EXPECT_EQ(fault(), "(none)");
    EXPECT_EQ(batch_.committed().events, 3);
    EXPECT_THAT(store_.sizes, ElementsAre(3, 1, 1)) << "stored events are not sent again";
    store_.outcomes = {BatchOutcome({{.room = 2, .outcome = unknown}, {.room = 3, .outcome = committed}})};
    add_event(3, 3);
    add_event(2, 2);
    EXPECT_EQ(fault(),
              "line 5, repeat: room 2: seq 2: it is unknown whether the store wrote this line and those after it");
    EXPECT_EQ(batch_.committed().events, 4);
}

TEST_F(ImportBatchTest, EventsBeforeARepeatAreStored) {
    store_.outcomes = {BatchOutcome({{.room = 2, .outcome = failed, .repeated_seq = 3}})};
    store_.found = chat::Event{.room = 2, .seq = 1};
    for (std::uint64_t seq = 1; seq <= 4; ++seq) add_event(2, seq);
    EXPECT_EQ(fault(), "line 3, change: room 2: seq 3: its id is already used by seq 1 of the same sender");
    EXPECT_EQ(batch_.committed().events, 2);
    EXPECT_THAT(store_.sizes, ElementsAre(4));
}

}  // namespace
}  // namespace globes::maintenance
