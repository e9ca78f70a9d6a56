// The import of a whole dump: the lines of an export, and the report.
#include "maintenance/original_dump.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

namespace globes::maintenance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OriginalDumpTest : public testing::Test {
protected:
    void read(std::string_view text, const std::string& name = "in") {
        const int fd = ::memfd_create("in", MFD_CLOEXEC);
        EXPECT_EQ(::pwrite(fd, text.data(), text.size(), 0), std::ssize(text));
        DocumentReader reader(fd, name);
        Progress progress("reading", "entries", clock_, nullptr);
        dump.read(reader, progress);
        ::close(fd);
    }
    static std::string room(chat::RoomId id, std::string_view title,
                            std::string_view more = R"(,"created_at":1600000000)") {
        return fmt::format(R"({{"id":{},"title":"{}","type":"public"{}}})", id, title, more);
    }
    static std::string send(chat::RoomId room, std::string_view text, std::string_view more = "") {
        return fmt::format(R"({{"eventtype":"send","user":"ada","roomid":{},"msg":"{}"{}}})", room, text, more);
    }
    static std::string at(std::uint64_t seconds) { return fmt::format(R"(,"timestamp":{})", seconds); }

    /// `room 2: My room`, `1 @1600000000 hello`, `end 1 1`
    std::vector<std::string> lines() {
        std::vector<std::string> all;
        while (const auto line = dump.next()) {
            if (const auto* head = std::get_if<ExportHead>(&*line)) {
                all.push_back(fmt::format("head {}", head->next_room_id));
            } else if (const auto* stored = std::get_if<chat::StoredRoom>(&*line)) {
                EXPECT_EQ(stored->first_seq, 1u);
                all.push_back(fmt::format("room {} {}: {}", stored->record.id, stored->last_seq, stored->record.title));
            } else if (const auto* event = std::get_if<chat::Event>(&*line)) {
                all.push_back(fmt::format("{} @{} {}", event->seq, event->time / 1'000'000, event->text.substr(0, 10)));
            } else {
                const auto& end = std::get<ExportEnd>(*line);
                all.push_back(fmt::format("end {} {}", end.rooms, end.events));
            }
        }
        return all;
    }

    const SystemClock clock_;
    OriginalDump dump;
};

TEST_F(OriginalDumpTest, FilesInAnyOrderBecomeTheLinesOfAnExport) {
    read(send(3, "c", at(1'600'000'003)) + send(2, "b", at(1'600'000'002)) + send(2, "a", at(1'600'000'001)));
    read(room(3, "Three") + room(2, "Two"));
    dump.finish();
    EXPECT_THAT(lines(), ElementsAre("head 4", "room 2 2: Two", "1 @1600000001 a", "2 @1600000002 b", "room 3 1: Three",
                                     "1 @1600000003 c", "end 2 3"));
    EXPECT_THAT(dump.summary(), IsEmpty());
    EXPECT_THAT(dump.faults(), IsEmpty());
}

TEST_F(OriginalDumpTest, AnEmptyDumpIsAnEmptyExport) {
    dump.finish();
    EXPECT_THAT(lines(), ElementsAre("head 1", "end 0 0"));
}

TEST_F(OriginalDumpTest, AHiddenIdDoesNotMoveTheNextOne) {
    read(room(chat::kFirstRandomRoomId + 5, "Random") + room(4, "Four"));
    dump.finish();
    EXPECT_EQ(lines().front(), "head 5");
}

TEST_F(OriginalDumpTest, OmitsUnsupportedEntriesAndCountsThem) {
    read(room(2, "Two"), "rooms");
    read(R"({"eventtype":"join","roomid":2}{"eventtype":"leave","roomid":2}{"eventtype":"x"})" + send(2, "") +
             send(9, "gone", at(1'600'000'001)) + send(8, "gone", at(1'600'000'001)) +
             send(9, "gone", at(1'600'000'001)) + send(2, "once", R"(,"_id":{"$oid":"5fc9cb2a0000000000000001"})") +
             send(2, "once", R"(,"_id":{"$oid":"5fc9cb2a0000000000000001"})"),
         "events");
    dump.finish();
    EXPECT_THAT(lines(), ElementsAre("head 3", "room 2 1: Two", "1 @1607060266 once", "end 1 1"));
    EXPECT_THAT(
        dump.summary(),
        ElementsAre(
            "left out: 2 joins and leaves; the first: events: entry 1 (line 1)",
            "left out: 1 events that are neither a send nor a join or leave; the first: events: entry 3 (line 1)",
            "left out: 1 messages without a text; the first: events: entry 4 (line 1)",
            "left out: 3 messages of rooms that are not in the files: 8, 9", "left out: 1 duplicate entries",
            "changed: 2 messages without a time; the first: events: entry 8 (line 1)"));
}

TEST_F(OriginalDumpTest, OfRoomsWithTheSameTitleTheFirstKeepsIt) {
    read(room(5, "ours") + room(4, "Ours") + room(6, "Ours (5)") + room(7, "PUBLIC chat"));
    dump.finish();
    EXPECT_THAT(lines(), ElementsAre("head 8", "room 4 0: Ours", "room 5 0: ours (5)", "room 6 0: Ours (5) (6)",
                                     "room 7 0: PUBLIC chat (7)", "end 4 0"));
    EXPECT_THAT(dump.summary(), ElementsAre(HasSubstr("changed: 3 titles that another room has")));
}

TEST_F(OriginalDumpTest, MessagesOfRoom1NeedNoRoomInTheFiles) {
    read(send(1, "hello", at(1'600'000'000)));
    dump.finish();
    EXPECT_THAT(lines(), ElementsAre("head 2", "room 1 1: Public Chat", "1 @1600000000 hello", "end 1 1"));
    EXPECT_EQ(dump.rooms().front().created_at, 1'600'000'000'000'000);
    EXPECT_THAT(dump.summary(), IsEmpty());
}

TEST_F(OriginalDumpTest, AnotherRoom1IsReported) {
    read(room(1, "General") + room(2, "Public Chat"));
    dump.finish();
    EXPECT_THAT(lines(), ElementsAre("head 3", "room 1 0: General", "room 2 0: Public Chat", "end 2 0"));
    EXPECT_THAT(dump.summary(),
                ElementsAre("room 1, \"General\", belongs to the server: nobody can change or delete it"));
}

TEST_F(OriginalDumpTest, MessagesWithoutRoomsAreRefused) {
    read(send(2, "hello"));
    dump.finish();
    EXPECT_THAT(dump.faults(), ElementsAre("the files contain messages but no rooms: add the file of the rooms"));
}

TEST_F(OriginalDumpTest, MessagesOfFaultyRoomsAreNotReportedAsFaultsToo) {
    read(R"({"id":2,"title":"Two","type":"strange"})");
    read(send(2, "hello"), "events");
    dump.finish();
    EXPECT_THAT(dump.faults(), ElementsAre("in: entry 1 (line 1): type: must be public, private or hidden"));
}

TEST_F(OriginalDumpTest, ARepeatedIdIsImportedOnceWhateverItsType) {
    const std::string a_uuid = R"({"$binary":{"base64":"xjcGaV0zQZ6ZBSVXmKhHeA==","subType":"04"}})";
    read(room(2, "Two"));
    for (int file = 0; file < 2; ++file) {
        // In the order of the file, independent of the ids.
        read(send(2, "10", R"(,"_id":10)") + send(2, "9", R"(,"_id":9)") + send(2, "uuid", R"(,"_id":)" + a_uuid));
        read(send(2, "b", R"(,"_id":"b")" + at(1'600'000'001)) + send(2, "a", R"(,"_id":"a")" + at(1'600'000'001)) +
             send(2, "c", R"(,"_id":"9")" + at(1'600'000'001)));
        read(send(2, "behind", R"(,"_id":11)") + send(2, "oid", R"(,"_id":"000000000000000000000001")"));
        // Entries without an id cannot be recognized as duplicates.
        read(send(2, "none", at(1'600'000'002)) + send(2, "null", R"(,"_id":null)" + at(1'600'000'003)));
    }
    read(send(2, "10", R"(,"_id":{"$numberInt":"10"})") + send(2, "9", R"(,"_id":9.0)"));
    dump.finish();
    EXPECT_THAT(lines(), ElementsAre("head 3", "room 2 12: Two", "1 @1600000001 10", "2 @1600000001 9",
                                     "3 @1600000001 uuid", "4 @1600000001 b", "5 @1600000001 a", "6 @1600000001 c",
                                     "7 @1600000001 behind", "8 @1600000001 oid", "9 @1600000002 none",
                                     "10 @1600000002 none", "11 @1600000003 null", "12 @1600000003 null", "end 1 12"));
    EXPECT_THAT(dump.summary().front(), HasSubstr("left out: 10 duplicate entries"));
}

TEST_F(OriginalDumpTest, AMessageWithoutATimeStaysAfterTheOneBeforeIt) {
    read(room(2, "Two") + send(2, "first") + send(2, "a", at(1'600'000'005)) + send(2, "b") +
         send(2, "c", at(1'600'000'009)) + send(2, "d", at(1'600'000'007)));
    dump.finish();
    EXPECT_THAT(lines(), ElementsAre("head 3", "room 2 5: Two", "1 @1600000005 first", "2 @1600000005 a",
                                     "3 @1600000005 b", "4 @1600000007 d", "5 @1600000009 c", "end 1 5"));
}

TEST_F(OriginalDumpTest, ALongMessageBecomesSeveral) {
    read(room(2, "Two") + send(2, std::string(9000, 'x'), at(1'600'000'001)) + send(2, "next", at(1'600'000'002)));
    dump.finish();
    EXPECT_THAT(lines(), ElementsAre("head 3", "room 2 4: Two", "1 @1600000001 xxxxxxxxxx", "2 @1600000001 xxxxxxxxxx",
                                     "3 @1600000001 xxxxxxxxxx", "4 @1600000002 next", "end 1 4"));
    EXPECT_THAT(dump.summary(), ElementsAre(HasSubstr("changed: 1 messages of more than 4096 characters")));
}

TEST_F(OriginalDumpTest, ARoomWithoutATimeGetsThatOfItsFirstMessage) {
    read(room(2, "Two", "") + room(3, "Three", "") + send(2, "hello", at(1'600'000'001)));
    dump.finish();
    EXPECT_EQ(dump.rooms()[0].created_at, 1'600'000'001'000'000);
    EXPECT_EQ(dump.rooms()[0].updated_at, 1'600'000'001'000'000);
    EXPECT_EQ(dump.rooms()[1].created_at, 0);
    EXPECT_THAT(dump.summary(),
                ElementsAre("changed: 2 rooms without a creation time; the first: in: entry 1 (line 1)"));
}

TEST_F(OriginalDumpTest, EveryFaultIsReportedWithItsPosition) {
    read("{\"title\":\"No id\",\"type\":\"public\"}\n" + room(2, "Two") + "\n{}\n" + room(2, "Another") + "\n" +
             room(2, "Two"),
         "rooms");
    read("[{\"eventtype\":\"send\",\"user\":\"a\",\"msg\":\"x\"},{\"a\":", "events");
    dump.finish();
    EXPECT_THAT(dump.faults(),
                ElementsAre("rooms: entry 1 (line 1): id: is missing",
                            "rooms: entry 3 (line 3): is neither a room (no title) nor an event (no eventtype)",
                            "rooms: entry 4 (line 4): is another room 2 than rooms: entry 2 (line 2)",
                            "events: entry 1 (line 1): roomid: is missing",
                            "events: line 1: the file is truncated in this entry"));
}

TEST_F(OriginalDumpTest, OnlyTheFirstFaultsAreKept) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "{}";
    read(text);
    dump.finish();
    EXPECT_EQ(dump.faults().size(), OriginalDump::kMaxFaults);
    EXPECT_EQ(dump.fault_count(), 1000u);
}

}  // namespace
}  // namespace globes::maintenance
