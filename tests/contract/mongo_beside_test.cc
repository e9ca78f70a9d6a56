// Exports and checks of a MongoDB while a server purges and deletes in it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "contract/fake_mongodb.h"
#include "contract/store_suite.h"
#include "maintenance/check.h"
#include "maintenance/export.h"
#include "store/mongo/mongo_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using namespace std::chrono_literals;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum CommitOutcome;

constexpr MongoTimes kPatient{
    .selection = 60s, .connect = 60s, .socket = 60s, .lookup = 60s, .batch = 60s, .read = 60s};
constexpr RoomId kRoom = 2;
constexpr RoomId kOther = 5;
constexpr std::uint64_t kEvents = 20;

class MongoBeside : public testing::Test {
protected:
    /// Two rooms with the same number of events.
    void SetUp() override { fill(); }

    void fill() {
        for (const char* collection : {"globes_rooms", "globes_events"}) server_.collection(collection) = {};
        const auto store = open_mongo_store({.uri = server_.uri(), .times = kPatient});
        ASSERT_EQ(commit(*store, batch_of(PutRoom{sample_room(kRoom)}, PutRoom{sample_room(kOther)})), committed);
        ASSERT_EQ(commit(*store, appends(kRoom, 1, kEvents)), committed);
        ASSERT_EQ(commit(*store, appends(kOther, 1, kEvents)), committed);
        store->stop();
    }
    std::unique_ptr<Store> open_to_read(MongoTimes times = kPatient) const {
        return open_mongo_store({.uri = server_.uri(), .use = MongoUse::read, .times = times});
    }

    // The server's writes, in their order: between two calls, or during a reply.
    void purge(std::uint64_t through_seq, RoomId room = kRoom) {
        server_.collection("globes_rooms")
            .update({{"_id", id_of(room)}},
                    {{"$set", fake_document({{"purged_seq", fake_number(static_cast<std::int64_t>(through_seq))}})}},
                    false);
        remove_events(through_seq, room);
    }
    void delete_room() {
        server_.collection("globes_rooms").remove({{"_id", id_of(kRoom)}});
        remove_events(kEvents, kRoom);
    }
    void remove_events(std::uint64_t through_seq, RoomId room) {
        const FakeValue up_to = fake_document({{"$lte", fake_number(static_cast<std::int64_t>(through_seq))}});
        server_.collection("globes_events").remove({{"room_id", id_of(room)}, {"seq", up_to}});
    }
    static FakeValue id_of(RoomId room) { return fake_number(static_cast<std::int64_t>(room)); }
    /// Calls `act` after the find with this number, before its reply is sent. Returns false if `work` sent fewer finds.
    bool with_act_at(std::size_t find, const std::function<void()>& act, const std::function<void()>& work) {
        std::size_t finds = 0;
        server_.set_tamper([&](const std::string& command, std::string&) {
            if (command == "find" && ++finds == find) act();
            return true;
        });
        work();
        server_.set_tamper(nullptr);
        return finds >= find;
    }

    struct Checked {
        maintenance::CheckReport report;
        std::vector<std::string> faults;
        std::vector<std::string> unread;
    };
    Checked check(Store& store) const {
        Checked checked;
        maintenance::Progress progress("check", "events", clock_, nullptr);
        checked.report = maintenance::check_store(
            store,
            {.on_fault = [&](const std::string& fault) { checked.faults.push_back(fault); },
             .on_unread = [&](const std::string& unread) { checked.unread.push_back(unread); }},
            progress);
        return checked;
    }
    /// The lines of the export, or the error.
    std::string export_of(Store& store) const {
        const int fd = ::memfd_create("lines", MFD_CLOEXEC);
        maintenance::BufferedLineWriter out(fd, "out");
        maintenance::Progress progress("export", "events", clock_, nullptr);
        std::string text;
        try {
            maintenance::export_rooms(store, std::nullopt, out, progress);
            text.resize(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)));
            EXPECT_EQ(::pread(fd, text.data(), text.size(), 0), std::ssize(text));
        } catch (const std::runtime_error& error) {
            text = error.what();
        }
        ::close(fd);
        return text;
    }

    FakeMongodb server_;
    const SystemClock clock_;
};

TEST_F(MongoBeside, EventsThatWerePurgedAfterTheOpeningAreNotMissing) {
    const auto store = open_to_read();
    purge(17);
    const EventPage page = read(*store, {.room = kRoom, .limit = 100});
    EXPECT_EQ(page.first_seq, 18);
    EXPECT_THAT(seqs_of(page), ElementsAre(18, 19, 20));
    EXPECT_THAT(check(*store).faults, IsEmpty());
    EXPECT_THAT(export_of(*store), HasSubstr(R"("first_seq":18,"last_seq":20)"));
    purge(kEvents);
    EXPECT_THAT(check(*store).faults, IsEmpty());
    EXPECT_THAT(export_of(*store), HasSubstr(R"("first_seq":21,"last_seq":20)"));
}

TEST_F(MongoBeside, ARoomThatIsDeletedAfterTheOpeningIsNotAFaultAndNotExported) {
    const auto store = open_to_read();
    delete_room();
    EXPECT_THAT(check(*store).faults, IsEmpty());
    EXPECT_THAT(export_of(*store), HasSubstr(R"("rooms":1,"events":20)"));
}

TEST_F(MongoBeside, ACheckFindsNoFaultWheneverEventsArePurgedOrTheirRoomIsDeleted) {
    const std::array<std::function<void()>, 4> acts = {
        [this] { purge(7); }, [this] { purge(kEvents); }, [this] { delete_room(); },
        // The events are removed later.
        [this] { server_.collection("globes_rooms").remove({{"_id", id_of(kRoom)}}); }};
    for (std::size_t act = 0; act < acts.size(); ++act) {
        std::size_t find = 1;
        while (true) {
            fill();
            const auto store = open_to_read();
            Checked checked;
            if (!with_act_at(find, acts.at(act), [&] { checked = check(*store); })) break;
            EXPECT_THAT(checked.faults, IsEmpty()) << "act " << act << " at find " << find;
            EXPECT_THAT(checked.unread, IsEmpty());
            ++find;
        }
        EXPECT_GT(find, 4) << "the events and the ids of two rooms";
    }
}

TEST_F(MongoBeside, AnExportHoldsTheRemainingEventsWheneverEventsArePurged) {
    for (std::size_t find = 1;; ++find) {
        fill();
        const auto store = open_to_read();
        std::string exported;
        const auto purge_both = [this] { purge(7, kRoom), purge(7, kOther); };
        if (!with_act_at(find, purge_both, [&] { exported = export_of(*store); })) break;
        EXPECT_THAT(exported, AnyOf(HasSubstr(R"("rooms":2,"events":26)"), HasSubstr(R"("rooms":2,"events":33)"),
                                    HasSubstr(R"("rooms":2,"events":40)")));
    }
}

TEST_F(MongoBeside, AnEventThatIsMissingInTheMiddleIsAFault) {
    const auto store = open_to_read();
    purge(7);
    server_.collection("globes_events").remove({{"room_id", id_of(kRoom)}, {"seq", fake_number(11)}});
    EXPECT_THAT(check(*store).faults, ElementsAre("room 2: seq 11 is missing"));
    EXPECT_THAT(export_of(*store), HasSubstr("room 2: seq 11 is missing"));
}

TEST_F(MongoBeside, AnEventThatCannotBeReadIsNotAFault) {
    // A document that Globes cannot have written, so that only the events of this room cannot be read.
    server_.collection("globes_events")
        .update({{"room_id", id_of(kRoom)}, {"seq", fake_number(3)}},
                {{"$set", fake_document({{"kind", fake_text("unheard-of")}})}}, false);
    const auto store = open_to_read();
    const Checked checked = check(*store);
    EXPECT_THAT(checked.faults, IsEmpty());
    EXPECT_THAT(checked.unread, ElementsAre("room 2: its events from seq 1 on could not be read"));
    EXPECT_EQ(checked.report.unread, 1);
    EXPECT_EQ(checked.report.events, kEvents) << "the other room was checked";
    EXPECT_THAT(export_of(*store), HasSubstr("room 2: its events from seq 1 on could not be read"));
}

TEST_F(MongoBeside, ACheckEndsWhenNothingCanBeReadAnyMore) {
    const auto store = open_to_read({.selection = 300ms, .connect = 300ms, .socket = 300ms});
    server_.set_tamper([](const std::string& command, std::string& message) {
        if (command == "find") message.clear();
        return command != "find";
    });
    EXPECT_THAT([&] { check(*store); },
                testing::ThrowsMessage<std::runtime_error>(
                    "room 2: its events from seq 1 on could not be read, and the store is no longer reachable"));
}

}  // namespace
}  // namespace globes::store
