// `globes export`, `import` and `check` on every store: all data of one store can be moved to another.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "contract/store_suite.h"
#include "maintenance/check.h"
#include "maintenance/document_reader.h"
#include "maintenance/export.h"
#include "maintenance/import.h"
#include "maintenance/original_dump.h"

namespace globes::chat {
namespace {

using maintenance::ImportReport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum CommitOutcome;

/// A file without a name, with the contents `text`.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view text = {}) : fd_(::memfd_create("lines", MFD_CLOEXEC)) {
        EXPECT_EQ(::pwrite(fd_, text.data(), text.size(), 0), std::ssize(text));
    }
    ~MemoryFile() { ::close(fd_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    int descriptor() const { return fd_; }
    std::string text() const {
        std::string read(static_cast<std::size_t>(::lseek(fd_, 0, SEEK_END)), '\0');
        EXPECT_EQ(::pread(fd_, read.data(), read.size(), 0), std::ssize(read));
        return read;
    }

private:
    const int fd_;
};

constexpr UnixMicros kImportTime = 1'700'000'000'000'000;

constexpr const char* kTellsNothing = "tells nothing about its rooms";

std::string replaced(std::string text, std::string_view old, std::string_view by) {
    const auto at = text.find(old);
    EXPECT_NE(at, std::string::npos) << old;
    return at == std::string::npos ? text : text.replace(at, old.size(), by);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line + '\n');
    return lines;
}

RoomRecord public_chat(UnixMicros made_at = 1'607'030'634'000'000) {
    return {.id = kPublicChatId,
            .title = "Public Chat",
            .salt = "0123456789abcdef0123456789abcdef",
            .created_at = made_at,
            .updated_at = made_at};
}

/// The export as a version wrote it whose rooms had no salts.
std::string without_salts(const std::string& exported) {
    static const std::regex salt_fields(R"("owner_epoch":\d+,"salt":"[^"]*","old_keys_until":"[^"]*",)");
    return std::regex_replace(exported, salt_fields, "");
}

/// A store of its own, opened again for each call, as each command does.
class Place {
public:
    explicit Place(const StoreKind& kind) : kind_(kind) {}

    void with_store(const std::function<void(Store&)>& act) const {
        const auto store = kind_.open(folder_.path(), {});
        act(*store);
        store->stop();
    }
    void write(StoreBatch batch) const {
        with_store([&](Store& store) { ASSERT_EQ(commit(store, std::move(batch)), committed); });
    }

    std::string export_rooms(const std::optional<std::string>& room = std::nullopt) const {
        const MemoryFile file;
        maintenance::BufferedLineWriter out(file.descriptor(), "out");
        maintenance::Progress progress("export", "events", clock_, nullptr);
        with_store([&](Store& store) { maintenance::export_rooms(store, room, out, progress); });
        return file.text();
    }
    ImportReport import_rooms(std::string_view text) const {
        const MemoryFile file(text);
        maintenance::LineReader in(file.descriptor(), "in");
        maintenance::Progress progress("import", "events", clock_, nullptr);
        ImportReport report;
        with_store([&](Store& store) { report = maintenance::import_rooms(store, in, kImportTime, progress); });
        return report;
    }
    ImportReport import_original(std::string_view text) const {
        const MemoryFile file(text);
        maintenance::DocumentReader in(file.descriptor(), "in");
        maintenance::Progress progress("import", "events", clock_, nullptr);
        maintenance::OriginalDump dump;
        dump.read(in, progress);
        dump.finish();
        EXPECT_THAT(dump.faults(), IsEmpty());
        ImportReport report;
        with_store([&](Store& store) { report = maintenance::import_rooms(store, dump, progress); });
        return report;
    }
    std::string import_fault(std::string_view text) const { return import_rooms(text).fault.value_or("(imported)"); }
    std::map<RoomId, RoomRecord> records() const {
        std::map<RoomId, RoomRecord> records;
        with_store([&](Store& store) {
            for (const StoredRoom& room : store.load_rooms().rooms) records.emplace(room.record.id, room.record);
        });
        return records;
    }
    std::vector<std::string> check_faults() const {
        std::vector<std::string> faults;
        const auto take = [&](const std::string& fault) { faults.push_back(fault); };
        maintenance::Progress progress("check", "events", clock_, nullptr);
        with_store(
            [&](Store& store) { maintenance::check_store(store, {.on_fault = take, .on_unread = take}, progress); });
        return faults;
    }

    /// Different rooms: without events, with several pages of events, partly and completely purged, hidden; and an id
    /// that a deleted room had. 5 rooms, 2514 events.
    void fill() const {
        RoomRecord hidden = sample_room(kFirstRandomRoomId + 77);
        hidden.title = "Versteckt \"☃\"\\";
        hidden.visibility = Visibility::hidden_room;
        Event bare = sample_event(hidden.id, 1, "\t\"quoted\"\nüber \xF0\x9F\x8E\x89");
        bare.client_id.clear();
        bare.color.clear();
        write(batch_of(PutRoom{public_chat()}, PutRoom{sample_room(2)}, PutRoom{sample_room(3)},
                       PutRoom{sample_room(4)}, PutRoom{hidden}, AppendEvent{bare}, PutRoom{sample_room(9)}));
        write(appends(2, 1, 2500));
        write(appends(3, 1, 30));
        write(appends(4, 1, 9));
        write(batch_of(PurgeEvents{3, 17}, PurgeEvents{4, 9}, DeleteRoom{9}));
    }

private:
    const StoreKind& kind_;
    const ScratchFolder folder_;
    const SystemClock clock_;
};

TEST_P(StoreSuite, AnImportedStoreExportsTheSameBytes) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.fill();
    const std::string exported = from.export_rooms();
    EXPECT_THAT(lines_of(exported).front(), HasSubstr("\"next_room_id\":10"));
    EXPECT_THAT(lines_of(exported).back(), HasSubstr("\"rooms\":5,\"events\":2514"));
    const Place to(GetParam());
    const ImportReport report = to.import_rooms(exported);
    EXPECT_EQ(report.fault, std::nullopt);
    EXPECT_EQ(report.rooms, 5);
    EXPECT_EQ(report.events, 2514);
    EXPECT_EQ(to.export_rooms(), exported);
    EXPECT_THAT(to.check_faults(), IsEmpty());
}

TEST_P(StoreSuite, SeqsThatWerePurgedBeforeAnExportStayUsed) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.fill();
    const Place to(GetParam());
    to.import_rooms(from.export_rooms());
    to.with_store([](Store& store) {
        EXPECT_EQ(read(store, {.room = 4}).first_seq, 10);
        EXPECT_EQ(commit(store, appends(4, 9, 9)), failed);
        EXPECT_EQ(commit(store, appends(4, 10, 10)), committed);
        EXPECT_EQ(commit(store, appends(3, 17, 17)), failed);
        EXPECT_THAT(sent_seqs(store, {{3, "david", "c17"}, {3, "david", "c18"}}), ElementsAre(0, 18));
    });
}

TEST_P(StoreSuite, OneRoomIsExportedByItsIdOrItsTitle) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.fill();
    const std::string by_id = from.export_rooms("3");
    EXPECT_EQ(from.export_rooms("rOOm 3"), by_id);
    EXPECT_EQ(lines_of(by_id).size(), 1 + 1 + 13 + 1);
    EXPECT_THROW(from.export_rooms("Room 33"), std::runtime_error);
    const Place to(GetParam());
    ASSERT_EQ(to.import_fault(by_id), "(imported)");
    EXPECT_EQ(to.export_rooms("3"), by_id);
}

TEST_P(StoreSuite, AnInterruptedImportContinues) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.fill();
    const std::string exported = from.export_rooms();
    const auto lines = lines_of(exported);
    const Place to(GetParam());
    std::uint64_t events = 0;
    for (const std::size_t count : {2UL, 3UL, 700UL, 2000UL, 2504UL, 2506UL, 2515UL, 2520UL}) {
        std::string part;
        for (std::size_t i = 0; i < count; ++i) part += lines[i];
        const ImportReport report = to.import_rooms(part);
        EXPECT_EQ(report.fault, "in: line " + std::to_string(count) +
                                    ": is the last line, but not an end line: the file is truncated");
        EXPECT_EQ(report.known_events, events);
        EXPECT_TRUE(report.may_be_repeated);
        events += report.events;
    }
    const ImportReport report = to.import_rooms(exported);
    EXPECT_EQ(report.fault, std::nullopt);
    EXPECT_EQ(events + report.events, 2514);
    EXPECT_EQ(to.export_rooms(), exported);
    EXPECT_EQ(to.import_rooms(exported).known_events, 2514) << "and once more";
    EXPECT_EQ(to.export_rooms(), exported);
}

TEST_P(StoreSuite, RoomsOfAnOlderExportGetASaltOnceAndKeepTheirOldKeys) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.fill();
    const std::string older = without_salts(from.export_rooms());
    const auto lines = lines_of(older);
    const Place to(GetParam());
    to.import_rooms(lines[0] + lines[1] + lines[2] + lines[3]);
    const std::string salt = to.records().at(2).salt;
    ASSERT_EQ(to.import_fault(older), "(imported)") << "it continues in the room with that salt";
    const std::string exported = to.export_rooms();
    EXPECT_EQ(without_salts(exported), older);
    std::set<std::string> salts;
    for (const auto& [id, record] : to.records()) {
        EXPECT_TRUE(is_room_salt(record.salt)) << id;
        EXPECT_EQ(record.old_keys_until, kImportTime) << id;
        EXPECT_EQ(record.owner_epoch, 0) << id;
        salts.insert(record.salt);
    }
    EXPECT_EQ(salts.size(), 5);
    EXPECT_EQ(to.records().at(2).salt, salt);
    EXPECT_EQ(to.import_rooms(older).known_events, 2514) << "and once more";
    EXPECT_EQ(to.export_rooms(), exported);
    EXPECT_THAT(to.check_faults(), IsEmpty());
}

TEST_P(StoreSuite, AnOlderExportIsEqualToTheUpgradedStore) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place place(GetParam());
    RoomRecord room = sample_room(2);
    room.owner_epoch = 0;
    place.write(batch_of(PutRoom{room}, AppendEvent{sample_event(2, 1)}));
    const std::string exported = place.export_rooms();
    EXPECT_EQ(place.import_rooms(without_salts(exported)).known_rooms, 1);
    EXPECT_EQ(place.export_rooms(), exported);
    room.title = "Another";
    const Place other(GetParam());
    other.write(batch_of(PutRoom{room}));
    EXPECT_EQ(other.import_fault(without_salts(exported)), "in: line 2: another room 2 exists already: Another");
}

TEST_P(StoreSuite, ARoomWithAnotherSaltIsAnotherRoom) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place place(GetParam());
    place.write(batch_of(PutRoom{sample_room(2)}));
    const std::string exported = place.export_rooms();
    EXPECT_EQ(place.import_fault(replaced(exported, sample_room(2).salt, new_room_salt())),
              "in: line 2: another room 2 exists already: Room 2");
    EXPECT_EQ(place.export_rooms(), exported);
}

TEST_P(StoreSuite, APublicChatThatAnOlderExportReplacesKeepsItsSalt) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.write(batch_of(PutRoom{public_chat()}, AppendEvent{sample_event(1, 1)}));
    const Place to(GetParam());
    RoomRecord own = public_chat(5);
    own.salt = new_room_salt();
    to.write(batch_of(PutRoom{own}));
    ASSERT_EQ(to.import_fault(without_salts(from.export_rooms())), "(imported)");
    const RoomRecord replaced = to.records().at(1);
    EXPECT_EQ(replaced.created_at, public_chat().created_at);
    EXPECT_EQ(replaced.salt, own.salt);
    EXPECT_EQ(replaced.old_keys_until, 0);
}

TEST_P(StoreSuite, ACheckFindsRoomsWithoutAValidSalt) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place place(GetParam());
    RoomRecord none = sample_room(2);
    none.salt.clear();
    RoomRecord short_one = sample_room(4);
    short_one.salt.pop_back();
    place.write(batch_of(PutRoom{none}, PutRoom{sample_room(3)}, PutRoom{short_one}));
    EXPECT_THAT(place.check_faults(), ElementsAre("room 2: its salt is not 32 hexadecimal digits",
                                                  "room 4: its salt is not 32 hexadecimal digits"));
}

TEST_P(StoreSuite, AnImportAddsTheNewerEventsOfARoom) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.write(batch_of(PutRoom{sample_room(2)}));
    from.write(appends(2, 1, 5));
    const std::string older = from.export_rooms();
    from.write(appends(2, 6, 8));
    const std::string newer = from.export_rooms();
    const Place to(GetParam());
    to.import_rooms(older);
    EXPECT_EQ(to.import_rooms(newer).events, 3);
    EXPECT_EQ(to.export_rooms(), newer);
    EXPECT_EQ(to.import_rooms(older).known_events, 5) << "additional events stay";
    EXPECT_EQ(to.export_rooms(), newer);
}

TEST_P(StoreSuite, AnImportNeverChangesStoredData) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place place(GetParam());
    place.fill();
    const std::string exported = place.export_rooms();
    const auto fault_with = [&](std::string_view old, std::string_view text) {
        const ImportReport report = place.import_rooms(replaced(exported, old, text));
        EXPECT_FALSE(report.may_be_repeated) << "a repetition would never help";
        return report.fault.value_or("(imported)");
    };
    EXPECT_EQ(fault_with("\"title\":\"Room 2\"", "\"title\":\"Room 22\""),
              "in: line 3: another room 2 exists already: Room 2");
    EXPECT_EQ(fault_with("\"id\":2,\"title\":\"Room 2\"", "\"id\":5,\"title\":\"rOOM 2\""),
              "in: line 3: room 5: its title is that of room 2, which is in the store");
    EXPECT_EQ(fault_with("\"seq\":1500,\"name\":\"david\"", "\"seq\":1500,\"name\":\"maria\""),
              "in: line 1503: room 2: another event with seq 1500 exists already");
    EXPECT_EQ(fault_with("\"first_seq\":18", "\"first_seq\":19"),
              "in: line 2504: room 3: begins at seq 19 here, and at seq 18 in the store");
    EXPECT_EQ(place.export_rooms(), exported);
}

TEST_P(StoreSuite, ALineThatTheStoreRefusesIsReported) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.write(batch_of(PutRoom{sample_room(2)}));
    from.write(appends(2, 1, 20));
    const std::string doubled = replaced(from.export_rooms(), "\"id\":\"c15\"", "\"id\":\"c7\"");
    const Place to(GetParam());
    const ImportReport report = to.import_rooms(doubled);
    EXPECT_EQ(report.fault, "in: line 17: room 2: seq 15: its id is already used by seq 7 of the same sender");
    EXPECT_FALSE(report.may_be_repeated);
    EXPECT_EQ(report.events, 14);
    to.with_store([](Store& store) { EXPECT_EQ(seqs_in(store, 2).size(), 14); });
}

TEST_P(StoreSuite, AnImportReplacesThePublicChatOnlyIfItHasNoEvents) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.write(batch_of(PutRoom{public_chat()}));
    from.write(appends(1, 1, 3));
    const std::string exported = from.export_rooms();
    const Place fresh(GetParam());
    fresh.write(batch_of(PutRoom{public_chat(5)}));
    ASSERT_EQ(fresh.import_fault(exported), "(imported)");
    EXPECT_EQ(fresh.export_rooms(), exported);
    const Place used(GetParam());
    used.write(batch_of(PutRoom{public_chat(5)}));
    used.write(appends(1, 1, 1));
    EXPECT_EQ(used.import_fault(exported), "in: line 2: another room 1 exists already: Public Chat");
}

TEST_P(StoreSuite, AnImportGivesTheTitleOfThePublicChatToNoOtherRoom) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    RoomRecord other = sample_room(5);
    other.title = "PUBLIC Chat";
    const Place from(GetParam());
    from.write(batch_of(PutRoom{other}));
    const std::string exported = from.export_rooms();
    const std::string fault = "in: line 2: room 5: its title is that of room 1, which is the server's own";
    const Place empty(GetParam());
    EXPECT_EQ(empty.import_fault(exported), fault) << "a server creates room 1 at its first start";
    const Place used(GetParam());
    used.write(batch_of(PutRoom{public_chat()}));
    EXPECT_EQ(used.import_fault(exported), fault);
    // If room 1 comes with another title, this one is free.
    RoomRecord renamed = public_chat();
    renamed.title = "Lobby";
    from.write(batch_of(PutRoom{renamed}));
    const std::string with_first = from.export_rooms();
    for (const Place* place : {&empty, &used}) {
        EXPECT_EQ(place->import_fault(with_first), "(imported)");
        EXPECT_EQ(place->export_rooms(), with_first);
    }
}

TEST_P(StoreSuite, AnImportUsesTheTitleThatRoom1GivesUpWhateverTheOrderOfTheFile) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    RoomRecord other = sample_room(5);
    other.title = "PUBLIC Chat";
    RoomRecord renamed = public_chat();
    renamed.title = "Lobby";
    const Place from(GetParam());
    from.write(batch_of(PutRoom{renamed}, PutRoom{other}, AppendEvent{sample_event(1, 1)}));
    const std::string exported = from.export_rooms();
    const auto lines = lines_of(exported);  // head, room 1, event, room 5, end
    ASSERT_EQ(lines.size(), 5);
    const std::string turned = lines[0] + lines[3] + lines[1] + lines[2] + lines[4];
    const Place empty(GetParam());
    const Place used(GetParam());
    used.write(batch_of(PutRoom{public_chat()}));
    for (const Place* place : {&empty, &used}) {
        EXPECT_EQ(place->import_fault(turned), "(imported)");
        EXPECT_EQ(place->export_rooms(), exported);
        EXPECT_EQ(place->import_rooms(turned).known_events, 1) << "and once more";
    }
    // A room 1 that does not change keeps its title.
    const Place spoken_in(GetParam());
    spoken_in.write(batch_of(PutRoom{public_chat()}, AppendEvent{sample_event(1, 1)}));
    EXPECT_EQ(spoken_in.import_fault(turned),
              "in: line 2: room 5: its title is that of room 1, which is the server's own");
}

TEST_P(StoreSuite, ADumpOfTheOriginalMayGiveTheTitleOfRoom1ToAnother) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const std::string dump = R"({"id":5,"title":"Public Chat","type":"public"}{"id":1,"title":"Mine","type":"public"})";
    const Place empty(GetParam());
    const Place used(GetParam());
    used.write(batch_of(PutRoom{public_chat()}));
    for (const Place* place : {&empty, &used}) {
        const ImportReport report = place->import_original(dump);
        EXPECT_THAT(report.conflicts, IsEmpty());
        EXPECT_EQ(report.fault.value_or(""), "");
        EXPECT_THAT(place->export_rooms("1"), HasSubstr("Mine"));
        EXPECT_THAT(place->export_rooms("5"), HasSubstr("Public Chat"));
        EXPECT_EQ(place->import_original(dump).known_rooms, 2);
    }
    const Place spoken_in(GetParam());
    spoken_in.write(batch_of(PutRoom{public_chat()}, AppendEvent{sample_event(1, 1)}));
    EXPECT_THAT(spoken_in.import_original(dump).conflicts,
                ElementsAre("another room 1 exists already: Public Chat",
                            "room 5: its title is that of room 1, which is the server's own"));
}

TEST_P(StoreSuite, AnImportReportsFaultsOfAFile) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.write(batch_of(PutRoom{sample_room(2)}));
    from.write(appends(2, 1, 3));
    const auto lines = lines_of(from.export_rooms());  // head, room, 3 events, end
    const Place to(GetParam());
    const auto fault_of = [&](std::initializer_list<std::size_t> numbers) {
        std::string text;
        for (const std::size_t number : numbers) text += lines[number - 1];
        return to.import_fault(text);
    };
    EXPECT_EQ(fault_of({}), "in: line 0: is not the first line of an export");
    EXPECT_EQ(fault_of({2}),
              "in: line 1: is not the first line of an export; a dump of the original system needs --from-original");
    EXPECT_EQ(to.import_fault(R"({"_id":{"$oid":"5fc9cb2a0000000000000001"},"id":2,"title":"Two"})"), fault_of({2}));
    EXPECT_EQ(to.import_fault("[\n{}"), fault_of({2}));
    EXPECT_EQ(fault_of({1, 1}), "in: line 2: is the first line of another export");
    EXPECT_EQ(fault_of({1, 3}), "in: line 2: an event of room 2 that does not follow its room");
    EXPECT_EQ(fault_of({1, 2, 3, 5}), "in: line 4: room 2: seq 3 instead of 2");
    EXPECT_EQ(fault_of({1, 2, 3, 6}), "in: line 4: room 2 ends too early, at seq 1 of 3");
    EXPECT_EQ(fault_of({1, 2, 3, 4, 5, 2}), "in: line 6: room 2 occurs twice");
    EXPECT_EQ(fault_of({1, 6}), "in: line 2: the export had 1 rooms and 3 events, but the file contains 0 and 0");
    EXPECT_EQ(fault_of({1, 2, 3, 4, 5, 6, 3}), "in: line 7: follows the end line");
    EXPECT_EQ(fault_of({1, 2, 3, 4, 5, 6}), "(imported)");
}

TEST_P(StoreSuite, TimesThatGoBackAreCorrectedAndAreNotAFault) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.write(batch_of(PutRoom{sample_room(2)}));
    std::uint64_t seq = 0;
    for (const std::int64_t seconds : {1'607'030'634LL, 1'607'030'630LL, 0LL, 2'147'483'649LL, 1'575'408'234LL}) {
        Event event = sample_event(2, ++seq);
        event.time = seconds * 1'000'000;
        from.write(batch_of(AppendEvent{event}));
    }
    const std::string exported = from.export_rooms();
    const Place to(GetParam());
    ASSERT_EQ(to.import_fault(exported), "(imported)");
    EXPECT_EQ(to.export_rooms(), exported);
    EXPECT_THAT(to.check_faults(), testing::IsEmpty());
}

TEST_P(StoreSuite, AnImportRepairsAnImportThatWasKilled) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place from(GetParam());
    from.write(batch_of(PutRoom{sample_room(4)}, PutRoom{sample_room(7)}));
    from.write(appends(4, 1, 9));
    from.write(batch_of(PurgeEvents{4, 9}, DeleteRoom{7}));
    const std::string exported = from.export_rooms();
    // A state that a store without transactions may have after a kill in the middle of a batch.
    const Place to(GetParam());
    const Event skipped{.room = 4, .seq = 9, .name = "globes import", .text = "Purged before the export"};
    to.write(batch_of(PutRoom{{.id = 7}}, PutRoom{sample_room(4)}, AppendEvent{skipped}));
    ASSERT_EQ(to.import_fault(exported), "(imported)");
    EXPECT_EQ(to.export_rooms(), exported);
    // The same, and an upgrade or this version has given the room a salt.
    const Place upgraded(GetParam());
    upgraded.write(batch_of(PutRoom{{.id = 7, .salt = new_room_salt(), .old_keys_until = 5}}));
    ASSERT_EQ(upgraded.import_fault(exported), "(imported)");
    EXPECT_EQ(upgraded.export_rooms(), exported);
}

/// Two rooms, `count` messages in room 3 and one in the Public Chat.
std::string original_dump(int count) {
    std::string text = R"({"id":2,"title":"Silent","type":"public","created_at":1600000000})"
                       R"({"id":3,"title":"Loud","type":"private","created_at":1600000000,)"
                       R"("password":"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"})"
                       R"({"eventtype":"send","user":"ada","roomid":1,"msg":"to all","timestamp":1600000000})";
    for (int i = count; i > 0; --i)
        text += fmt::format(R"({{"eventtype":"send","user":"ada","roomid":3,"msg":"{}","timestamp":{}}})", i,
                            1'600'000'000 + i);
    return text;
}

TEST_P(StoreSuite, ARepeatedImportOfADumpOfTheOriginalAddsNothing) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place to(GetParam());
    to.write(batch_of(PutRoom{public_chat()}));
    const ImportReport first = to.import_original(original_dump(1500));
    EXPECT_EQ(first.fault.value_or(""), "");
    EXPECT_EQ(first.rooms, 3u);
    EXPECT_EQ(first.events, 1501u);
    const ImportReport again = to.import_original(original_dump(1503));
    EXPECT_EQ(again.known_rooms, 3u);
    EXPECT_EQ(again.known_events, 1501u);
    EXPECT_EQ(again.events, 3u);
    EXPECT_THAT(to.check_faults(), IsEmpty());
    for (const auto& [id, record] : to.records()) {
        EXPECT_TRUE(is_room_salt(record.salt)) << id;
        EXPECT_EQ(record.old_keys_until, 0) << "tokens of the original were never valid here: room " << id;
    }
    const std::string exported = to.export_rooms("3");
    EXPECT_THAT(exported, HasSubstr("$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"));
    EXPECT_THAT(exported, HasSubstr(R"("room_id":3,"seq":1503,"name":"ada","color":"","msg":"1503")"));
}

TEST_P(StoreSuite, ADumpOfTheOriginalIsRefusedCompletelyIfTheStoreHasOtherRooms) {
    if (!GetParam().is_persistent) GTEST_SKIP() << kTellsNothing;
    const Place to(GetParam());
    to.write(batch_of(PutRoom{public_chat()}, PutRoom{sample_room(3)}, PutRoom{{.id = 7, .title = "SILENT"}}));
    to.write(appends(1, 1, 1));
    const std::string before = to.export_rooms();
    const ImportReport report = to.import_original(original_dump(3));
    EXPECT_THAT(report.conflicts, ElementsAre("another room 1 exists already: Public Chat",
                                              "room 2: its title is that of room 7, which is in the store",
                                              HasSubstr("another room 3 exists already")));
    EXPECT_EQ(report.rooms + report.events + report.known_rooms, 0u);
    EXPECT_EQ(to.export_rooms(), before);
}

}  // namespace
}  // namespace globes::chat
