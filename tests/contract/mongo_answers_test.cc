// A database that sends arbitrary replies: the process does not crash, every call is answered, and the store continues
// when the replies are correct again.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "contract/fake_mongodb.h"
#include "contract/store_suite.h"
#include "store/mongo/mongo_store.h"
#include "store/mongo/session.h"

// As in src/store/mongo/driver.cc: absent if this driver has no such function; then replies are not checked.
extern "C" [[gnu::weak]] bool __real__mongoc_rpc_scatter(void* rpc, const std::uint8_t* bytes, std::size_t size);

namespace globes::store {
namespace {

using namespace globes::chat;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using enum CommitOutcome;

constexpr MongoTimes kHasty{
    .selection = 300ms, .connect = 300ms, .socket = 300ms, .lookup = 300ms, .batch = 400ms, .read = 400ms};
#ifdef GLOBES_CHECKS_ANSWERS
const bool kAreAnswersChecked = __real__mongoc_rpc_scatter != nullptr;
#else
constexpr bool kAreAnswersChecked = false;
#endif
constexpr const char* kUncheckedDriver =
    "the driver of this build, a shared library or another version, is not checked";
constexpr std::size_t kBodyAt = 16;
constexpr std::size_t kOpcodeAt = 12;
constexpr std::size_t kDocumentAt = 21;
constexpr std::size_t kReplyDocumentAt = 36;

bool is_hello(const std::string& command) {
    return command == "hello" || command == "isMaster" || command == "ismaster";
}

void set_int32(std::string& message, std::size_t at, std::int32_t number) {
    std::memcpy(message.data() + at, &number, sizeof number);
}

void set_length(std::string& message, std::size_t length) { set_int32(message, 0, static_cast<std::int32_t>(length)); }

void set_document(std::string& message, const FakeDocument& document) {
    // After the header of an OP_REPLY, or of an OP_MSG.
    message.resize(message[kOpcodeAt] == 1 ? kReplyDocumentAt : kDocumentAt);
    message += to_bson(document);
    set_length(message, message.size());
}

/// As an OP_COMPRESSED that claims an uncompressed size of `size` bytes; `compressor` 0 does not compress.
void pack(std::string& message, std::string_view content, std::int32_t size, char compressor) {
    message.resize(kBodyAt);
    set_int32(message, kOpcodeAt, 2012);
    message.resize(kBodyAt + 9);
    set_int32(message, kBodyAt, 2013);
    set_int32(message, kBodyAt + 4, size);
    message.back() = compressor;
    message += content;
    set_length(message, message.size());
}

/// As an OP_REPLY, which is valid only as the reply to an OP_QUERY.
void make_reply(std::string& message) {
    const std::string document = message.substr(kDocumentAt);
    message.resize(kBodyAt);
    set_int32(message, kOpcodeAt, 1);
    message.resize(kReplyDocumentAt, '\0');
    message[kReplyDocumentAt - 4] = 1;
    message += document;
    set_length(message, message.size());
}

class MongoAnswers : public testing::Test {
protected:
    std::unique_ptr<Store> open() const { return open_mongo_store({.uri = server_.uri(), .times = kHasty}); }

    BatchOutcome outcome(StoreBatch batch) const {
        std::promise<BatchOutcome> promise;
        store_->append(std::move(batch), [&](BatchOutcome outcome) { promise.set_value(std::move(outcome)); });
        return promise.get_future().get();
    }
    void open_with_room() {
        store_ = open();
        ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)})), committed);
    }
    /// Changes only the next reply to `command`.
    void change_once(std::string command, std::function<void(std::string& message)> change) {
        auto is_due = std::make_shared<bool>(true);
        server_.set_tamper([=](const std::string& asked, std::string& message) {
            if (asked == command && std::exchange(*is_due, false)) change(message);
            return true;
        });
    }
    /// Replaces the document of the next reply to `command`.
    void answer_once(std::string command, FakeDocument document) {
        change_once(std::move(command), [=](std::string& message) { set_document(message, document); });
    }

    FakeMongodb server_;
    std::unique_ptr<Store> store_;
};

AppendEvent send(std::uint64_t seq, std::string client_id) {
    Event event = sample_event(1, seq);
    event.client_id = std::move(client_id);
    return {std::move(event)};
}

FakeValue int32(std::int64_t number) { return FakeValue(16, number); }

TEST_F(MongoAnswers, AnInsertIsRefusedAtTheIndexThatTheServerNamesWhateverItsCount) {
    server_.count_refused_documents();
    open_with_room();
    ASSERT_EQ(commit(*store_, batch_of(send(1, "a"))), committed);
    const BatchOutcome refused = outcome(batch_of(send(2, "b"), send(3, "a"), send(4, "c")));
    EXPECT_EQ(refused.of(1), failed);
    EXPECT_EQ(refused.repeated_seq(1), 3);
    EXPECT_THAT(seqs_in(*store_, 1), ElementsAre(1, 2));
}

TEST_F(MongoAnswers, ServesPagesRoundRobin) {
    EXPECT_THAT(order_of_pages(*open_mongo_store({.uri = server_.uri(), .readers = 1})),
                ElementsAre("ann, room 1", "server", "bob, room 1", "ann, room 2", "bob, room 1", "ann, room 1",
                            "ann, room 1"));
}

TEST_F(MongoAnswers, EventsBeforeARepeatAreReadThoughAnotherRoomOfTheBatchIsStuck) {
    open_with_room();
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(2)}, send(1, "a"))), committed);
    // Only the insert with the repeated id and the lookup after it get replies.
    int looks = 0;
    server_.set_tamper([&](const std::string& asked, std::string& message) {
        const bool is_of_repeat = asked == "insert" ? message.contains("writeErrors") : asked != "find" || ++looks <= 2;
        if (!is_of_repeat) message.clear();
        return true;
    });
    const BatchOutcome ended = outcome(batch_of(AppendEvent{sample_event(2, 1)}, send(2, "b"), send(3, "a")));
    server_.set_tamper(nullptr);
    EXPECT_EQ(ended.of(2), unknown);
    EXPECT_EQ(ended.repeated_seq(1), 3);
    EXPECT_THAT(seqs_in(*store_, 1), ElementsAre(1, 2));
}

TEST_F(MongoAnswers, EventsThatTheServerDoesNotConfirmAreReadBack) {
    open_with_room();
    std::uint64_t seq = 0;
    for (const FakeDocument& wrong :
         {FakeDocument{{"ok", int32(1)}}, FakeDocument{{"ok", int32(1)}, {"n", int32(-1)}},
          FakeDocument{{"ok", int32(1)}, {"n", int32(1'000'000)}}, FakeDocument{},
          FakeDocument{{"ok", int32(1)},
                       {"n", int32(2)},
                       {"writeErrors", fake_array({{{"index", int32(-1)}, {"code", int32(11'000)}}})}},
          FakeDocument{{"ok", int32(1)},
                       {"n", int32(2)},
                       {"writeErrors", fake_array({{{"index", int32(99)}, {"code", int32(11'000)}}})}},
          FakeDocument{{"ok", int32(1)}, {"n", int32(0)}, {"writeErrors", fake_array({{{"code", int32(11'000)}}})}}}) {
        answer_once("insert", wrong);
        EXPECT_EQ(commit(*store_, batch_of(send(seq + 1, ""), send(seq + 2, ""))), committed) << seq;
        seq += 2;
    }
    EXPECT_EQ(seqs_in(*store_, 1).size(), seq);
}

TEST_F(MongoAnswers, AServerThatRefusesForeverIsAskedAtIntervals) {
    open_with_room();
    server_.set_tamper([](const std::string& asked, std::string& message) {
        if (asked == "insert")
            set_document(message, {{"ok", int32(1)},
                                   {"n", int32(0)},
                                   {"writeErrors", fake_array({{{"index", int32(0)}, {"code", int32(11'000)}}})}});
        return true;
    });
    const std::size_t before = server_.count("insert");
    EXPECT_NE(commit(*store_, batch_of(send(1, "a"))), failed) << "it is stored";
    EXPECT_LT(server_.count("insert") - before, 50);
}

TEST_F(MongoAnswers, AJobThatAWriterNeverTookDoesNotKeepItsGroup) {
    // Room 1 is written by one connection, room 2 by the other.
    store_ = open_mongo_store({.uri = server_.uri(), .times = {.batch = 300ms, .heartbeat = 1h}, .writers = 2});
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)})), committed);
    ASSERT_EQ(commit(*store_, appends(1, 1, 2)), committed);
    ASSERT_EQ(commit(*store_, appends(2, 1, 2)), committed);
    // The writer of room 1 is stuck while it collects garbage.
    std::latch stuck(1);
    std::latch resumed(1);
    server_.set_before([&, is_first = std::make_shared<std::atomic<bool>>(true)](const std::string& command,
                                                                                 const std::string& collection) {
        if (command != "find" || collection != "globes_events" || !is_first->exchange(false)) return;
        stuck.count_down();
        resumed.wait();
    });
    ASSERT_EQ(commit(*store_, batch_of(PurgeEvents{1, 2})), committed);
    stuck.wait();
    const BatchOutcome late = outcome(batch_of(AppendEvent{sample_event(1, 3)}, PurgeEvents{2, 2}));
    EXPECT_EQ(late.of(1), failed);
    EXPECT_EQ(late.of(2), committed);
    EXPECT_EQ(commit(*store_, appends(1, 3, 3)), failed);
    resumed.count_down();
    const auto begun = std::chrono::steady_clock::now();
    const auto stored = [&] { return server_.contents()["globes_events"].find({{"room_id", fake_number(2)}}, {}, 0); };
    while (!stored().empty() && std::chrono::steady_clock::now() - begun < 10s) std::this_thread::sleep_for(10ms);
    EXPECT_THAT(stored(), IsEmpty()) << "garbage is collected when the group ends";
    EXPECT_EQ(commit(*store_, appends(1, 3, 3)), committed);
}

TEST_F(MongoAnswers, DocumentsThatWereNotRequestedAreNotHistory) {
    open_with_room();
    ASSERT_EQ(commit(*store_, appends(1, 1, 3)), committed);
    const auto cursor = [](FakeDocument event) {
        return FakeDocument{{"ok", int32(1)},
                            {"cursor", fake_document({{"id", fake_number(0)},
                                                      {"ns", fake_text("chat_server.globes_events")},
                                                      {"firstBatch", fake_array({std::move(event)})}})}};
    };
    const FakeDocument good = {{"_id", fake_text("1:2")},     {"room_id", fake_number(1)},  {"seq", fake_number(2)},
                               {"kind", fake_text("send")},   {"name", fake_text("david")}, {"color", fake_text("")},
                               {"text", fake_text("hello")},  {"client_id", fake_text("")}, {"time", FakeValue(9, 1)},
                               {"dedupe_key", fake_text("2")}};
    const auto with = [&](const char* field, FakeValue value) {
        FakeDocument event = good;
        set_field(event, field, std::move(value));
        return event;
    };
    const EventQuery second{.room = 1, .after = 1, .limit = 1};
    answer_once("find", cursor(good));
    EXPECT_TRUE(read(*store_, second).ok);
    for (const FakeDocument& wrong :
         {with("room_id", fake_number(2)), with("seq", fake_number(1)), with("seq", fake_number(-5)),
          with("seq", fake_text("2")), with("kind", fake_text("unheard-of")), with("text", fake_text("\xFF")),
          with("name", fake_text("\xED\xA0\x80")), with("room_id", fake_number(std::int64_t{1} << 60)),
          FakeDocument{}}) {
        answer_once("find", cursor(wrong));
        EXPECT_FALSE(read(*store_, second).ok);
    }
    EXPECT_THAT(seqs_in(*store_, 1), ElementsAre(1, 2, 3));
}

// In place of a text: a number, a boolean, an array, a document, a date, and three bytes of binary data.
const std::array kOddValues = {int32(7),          FakeValue(8, 1), fake_array({FakeDocument{}}),
                               fake_document({}), FakeValue(9, 1), FakeValue(5, 3)};

FakeDocument cursor_of(FakeValue name_space) {
    return {{"ok", int32(1)},
            {"cursor",
             fake_document({{"id", fake_number(0)}, {"ns", std::move(name_space)}, {"firstBatch", fake_array({})}})}};
}

TEST_F(MongoAnswers, ACursorWhoseNamespaceHasNoCollectionIsRequestedAgain) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    open_with_room();
    ASSERT_EQ(commit(*store_, appends(1, 1, 3)), committed);
    for (const FakeValue& odd : kOddValues) {
        answer_once("find", cursor_of(odd));
        EXPECT_THAT(seqs_in(*store_, 1), ElementsAre(1, 2, 3)) << int{odd.type};
    }
    for (const char* odd : {"", "x", ".x", "x."}) {
        answer_once("find", cursor_of(fake_text(odd)));
        EXPECT_THAT(seqs_in(*store_, 1), ElementsAre(1, 2, 3)) << odd;
    }
}

TEST_F(MongoAnswers, AnErrorWhoseMessageIsNotATextIsReadBack) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    open_with_room();
    std::uint64_t seq = 0;
    for (const FakeValue& odd : kOddValues) {
        const FakeDocument error = {{"index", int32(0)}, {"code", int32(64)}, {"errmsg", odd}};
        answer_once("insert", {{"ok", int32(1)}, {"n", int32(0)}, {"writeErrors", fake_array({error, error})}});
        EXPECT_EQ(commit(*store_, batch_of(send(++seq, ""))), committed) << int{odd.type};
        answer_once("insert", {{"ok", int32(1)}, {"n", int32(1)}, {"writeConcernError", fake_document(error)}});
        EXPECT_EQ(commit(*store_, batch_of(send(++seq, ""))), committed) << int{odd.type};
        answer_once("insert", {{"ok", int32(0)}, {"code", int32(0)}, {"errmsg", odd}});
        EXPECT_EQ(commit(*store_, batch_of(send(++seq, ""))), committed) << int{odd.type};
    }
    EXPECT_EQ(seqs_in(*store_, 1).size(), seq);
}

TEST_F(MongoAnswers, ACompressedReplyIsInvalidBecauseCompressionWasNotOffered) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    open_with_room();
    std::string broken(5, '\0');
    broken += to_bson({{"ok", int32(1)}, {"n", int32(1)}});
    set_int32(broken, 5, 0x7FFF'FF00);
    const auto size_of = [](const std::string& text) { return static_cast<std::int32_t>(text.size()); };
    const std::string much(100'000, 'A');
    std::uint64_t seq = 0;
    for (const auto& [content, size, compressor] :
         {std::tuple(much, 5, 0), std::tuple(std::string(10, '\0'), -1, 0), std::tuple(std::string(10, 'U'), 100, 2),
          std::tuple(broken, size_of(broken), 0)}) {
        change_once("insert",
                    [=](std::string& message) { pack(message, content, size, static_cast<char>(compressor)); });
        EXPECT_EQ(commit(*store_, batch_of(send(++seq, ""))), committed) << content.size();
    }
    EXPECT_EQ(seqs_in(*store_, 1).size(), seq);
}

TEST_F(MongoAnswers, AConnectionStringWithCompressorsOffersNoCompression) {
    const auto store = open_mongo_store({.uri = server_.uri() + "?compressors=zlib", .times = kHasty});
    EXPECT_EQ(commit(*store, batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_FALSE(server_.is_offered_compression());
}

TEST_F(MongoAnswers, AReplyInTheFormOfAnotherRequestIsInvalid) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    open_with_room();
    change_once("insert", make_reply);
    EXPECT_EQ(commit(*store_, batch_of(send(1, ""))), committed);
    EXPECT_THAT(seqs_in(*store_, 1), ElementsAre(1));
}

TEST_F(MongoAnswers, ACursorThatIsNotReadToItsEndIsClosedOnTheServer) {
    const mongo::ConnectionPool pool(server_.uri(), kHasty);
    mongo::Session session(pool, "fake");
    mongo::Document list;
    list.integer("listCollections", 1);
    FakeDocument more = cursor_of(fake_text("fake.$cmd.listCollections"));
    set_field(more.back().second.fields, "id", fake_number(7));
    set_field(more.back().second.fields, "firstBatch", fake_array({{{"name", fake_text("one")}}}));
    answer_once("listCollections", more);
    const auto read = [&] {
        session.for_each_of_command(list, [](const mongo::DocumentView&) { throw std::runtime_error("enough"); });
    };
    EXPECT_THROW(read(), std::runtime_error);
    EXPECT_EQ(server_.count("killCursors"), 1);
}

TEST_F(MongoAnswers, NoErrorTextQuotesAValueWhateverTheServersWording) {
    const mongo::ConnectionPool pool(server_.uri(), kHasty);
    mongo::Session session(pool, "fake");
    mongo::Document document;
    document.text("_id", "one");
    mongo::Document change;
    change.document("$set", document);
    const auto causes = [&](int code, const char* words) {
        const FakeDocument error = {{"index", int32(0)}, {"code", int32(code)}, {"errmsg", fake_text(words)}};
        std::vector<std::string> told;
        answer_once("insert", {{"ok", int32(1)}, {"n", int32(0)}, {"writeErrors", fake_array({error})}});
        told.push_back(session.insert("some", std::span(&document, 1)).cause);
        answer_once("insert", {{"ok", int32(1)}, {"n", int32(0)}, {"writeErrors", fake_array({error, error})}});
        told.push_back(session.insert("some", std::span(&document, 1)).cause);
        answer_once("update", {{"ok", int32(1)}, {"n", int32(0)}, {"writeErrors", fake_array({error})}});
        told.push_back(session.update("some", document, change).cause);
        return told;
    };
    const auto refusal = [&](int code, const char* words) -> std::string {
        answer_once("ping", {{"ok", int32(0)}, {"code", int32(code)}, {"errmsg", fake_text(words)}});
        mongo::Document ping;
        ping.integer("ping", 1);
        try {
            session.command(ping, [](const mongo::DocumentView&) {});
        } catch (const mongo::DatabaseError& error) {
            return error.what();
        }
        return {};
    };
    for (const char* words :
         {"E11000 duplicate key error collection: chat_server.globes_rooms index: title_key dup key: { title_key: "
          "\"my secret place\" }",
          "E11000 duplicate key error collection: c.r index: my dup key: { : \"my secret place\" }",
          "duplicate value my secret place", "my secret place is there already", "Key (title_key)=(my secret place)",
          "key 'my secret place', no other", "{ my secret place }", "{my secret place: 1}", "\"my secret place\"",
          "E11000 my secret place", "E11000 duplicate key error collection: my secret place"}) {
        for (const int code : {11'000, 121, 2, 17'280})
            EXPECT_THAT(causes(code, words), Each(AllOf(Not(HasSubstr("secret")), Not(IsEmpty())))) << words;
        EXPECT_THAT(refusal(11'000, words), AllOf(Not(HasSubstr("secret")), Not(IsEmpty()))) << words;
    }
    constexpr const char* kDuplicate =
        "E11000 duplicate key error collection: chat_server.globes_rooms index: title_key";
    EXPECT_EQ(causes(11'000, (std::string(kDuplicate) + " dup key: { title_key: \"x\" }").c_str()).front(), kDuplicate);
    EXPECT_EQ(refusal(11'000, ("Index build failed: " + std::string(kDuplicate) + " dup key: { : 1 }").c_str()),
              kDuplicate);
    EXPECT_EQ(
        refusal(13, "not authorized on chat_server to execute command { insert: \"globes_rooms\", documents: [] }"),
        "not authorized on chat_server to execute command { insert: ... }");
    EXPECT_EQ(refusal(8'000, "can't write: the quota is used up"), "can't write: the quota is used up");
    EXPECT_EQ(refusal(9, "unknown name 'my secret place'"), "unknown name ...");
}

TEST_F(MongoAnswers, AStartQueriesEachRoomForItsNewestEventOnlyIfTheServerExplainsThatItUsesAnIndex) {
    store_ = open();
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)}, PutRoom{sample_room(2)}, PutRoom{sample_room(3)})),
              committed);
    ASSERT_EQ(commit(*store_, appends(1, 1, 3)), committed);
    ASSERT_EQ(commit(*store_, appends(3, 1, 2)), committed);
    store_->stop();
    const auto finds_of_a_start = [&] {
        std::atomic<std::size_t> finds = 0;
        server_.set_before([&](const std::string& command, const std::string& collection) {
            finds += command == "find" && collection == "globes_events";
        });
        // The store starts and stops before a heartbeat queries the newest message.
        const StoredRooms rooms = open()->load_rooms();
        server_.set_before(nullptr);
        EXPECT_EQ(rooms.rooms.size(), 3);
        EXPECT_EQ(rooms.rooms[0].last_seq, 3);
        EXPECT_EQ(rooms.rooms[1].last_seq, 0);
        EXPECT_EQ(rooms.rooms[2].last_seq, 2);
        EXPECT_EQ(rooms.rooms[2].last_time, sample_event(3, 2).time);
        return finds.load();
    };
    const auto explained = [](const char* stage, const char* rejected) {
        const FakeValue scan = fake_document({{"stage", fake_text(stage)}});
        const FakeValue plan = fake_document({{"stage", fake_text("LIMIT")}, {"inputStage", scan}});
        return FakeDocument{
            {"ok", int32(1)},
            {"queryPlanner", fake_document({{"winningPlan", plan},
                                            {"rejectedPlans", fake_array({{{"stage", fake_text(rejected)}}})}})}};
    };
    EXPECT_EQ(finds_of_a_start(), 1) << "the server does not support explain";
    answer_once("explain", explained("IXSCAN", "COLLSCAN"));
    EXPECT_EQ(finds_of_a_start(), 3);
    answer_once("explain", explained("COLLSCAN", "IXSCAN"));
    EXPECT_EQ(finds_of_a_start(), 1);
    answer_once("explain", {{"ok", int32(1)}, {"queryPlanner", fake_document({})}});
    EXPECT_EQ(finds_of_a_start(), 1) << "the reply of FerretDB 1.24";
}

TEST_F(MongoAnswers, AWriteWhoseErrorHasTheLabelRetryableMayHaveBeenApplied) {
    const mongo::ConnectionPool pool(server_.uri(), kHasty);
    mongo::Session session(pool, "fake");
    mongo::Document document;
    document.text("_id", "one");
    mongo::Document change;
    change.document("$set", document);
    FakeValue labels(4, 0);
    labels.fields = {{"0", fake_text("SomeOtherLabel")}, {"1", fake_text("RetryableWriteError")}};
    // HostUnreachable: an error that a member of a cluster labels, and that is not in the store's table of codes.
    const FakeDocument plain = {{"ok", int32(0)}, {"code", int32(6)}, {"errmsg", fake_text("unreachable")}};
    FakeDocument labeled = plain;
    set_field(labeled, "errorLabels", labels);
    const auto statuses = [&](const FakeDocument& error) {
        std::vector<mongo::WriteStatus> seen;
        answer_once("insert", error);
        seen.push_back(session.insert("some", std::span(&document, 1)).status);
        answer_once("update", error);
        seen.push_back(session.update("some", document, change).status);
        answer_once("delete", error);
        seen.push_back(session.remove("some", document).status);
        return seen;
    };
    EXPECT_THAT(statuses(labeled), Each(mongo::WriteStatus::unknown));
    EXPECT_THAT(statuses(plain), Each(mongo::WriteStatus::not_applied));
}

TEST_F(MongoAnswers, AnUpsertThatConflictsWithAnotherIsSentAgain) {
    const FakeDocument error = {{"index", int32(0)}, {"code", int32(11'000)}, {"errmsg", fake_text("E11000")}};
    const FakeDocument refused = {{"ok", int32(1)}, {"n", int32(0)}, {"writeErrors", fake_array({error})}};
    answer_once("update", refused);
    EXPECT_NO_THROW(open()->stop()) << "the layout version is stored";
    answer_once("findAndModify", {{"ok", int32(0)}, {"code", int32(11'000)}, {"errmsg", fake_text("E11000")}});
    ASSERT_NO_THROW(store_ = open()) << "it takes over";
    answer_once("update", refused);
    EXPECT_EQ(commit(*store_, batch_of(PutRoom{sample_room(1)})), committed);
    EXPECT_EQ(field_of(server_.collection("globes_counters").find({{"_id", fake_text("next_room_id")}}, {}, 1).front(),
                       "value")
                  .number,
              2);
}

TEST_F(MongoAnswers, NoHelloEndsTheProcess) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    FakeValue numbers(4, 0);
    numbers.fields = {{"0", int32(1)}};
    const FakeValue yes(8, 1);
    constexpr MongoTimes kImpatient{.selection = 50ms, .connect = 50ms, .socket = 50ms};
    // The first hello is for monitoring the server, the second for a connection.
    for (const int from : {0, 1}) {
        for (const FakeDocument& odd :
             {FakeDocument{{"compression", numbers}}, FakeDocument{{"setName", fake_text("rs")}, {"hosts", numbers}},
              FakeDocument{{"setName", fake_text("rs")}, {"passives", numbers}},
              FakeDocument{{"setName", fake_text("rs")}, {"arbiters", numbers}},
              FakeDocument{{"speculativeAuthenticate", int32(1)}}, FakeDocument{{"ok", int32(0)}, {"code", int32(0)}},
              FakeDocument{{"$clusterTime", int32(1)}, {"topologyVersion", int32(1)}}}) {
            FakeDocument hello = {{"ismaster", yes}, {"maxWireVersion", int32(8)}, {"minWireVersion", int32(0)}};
            for (const auto& [name, value] : odd) set_field(hello, name, value);
            if (field_of(hello, "ok").type == 0) set_field(hello, "ok", int32(1));
            std::atomic<int> count = 0;
            server_.set_tamper([&](const std::string& command, std::string& message) {
                if (is_hello(command) && count++ >= from) set_document(message, hello);
                return true;
            });
            for (const char* options : {"", "?replicaSet=rs"}) {
                const mongo::ConnectionPool pool(server_.uri() + options, kImpatient);
                mongo::Session session(pool, "fake");
                count = 0;
                session.remove("some", mongo::Document());
            }
            server_.set_tamper(nullptr);
        }
    }
    EXPECT_NE(open(), nullptr);
}

TEST_F(MongoAnswers, DocumentsOfOtherProgramsAreNotMistakenForFieldsOfTheReply) {
    const FakeDocument own_words = {
        {"code", int32(0)},        {"ns", fake_text("orders")},    {"errorLabels", int32(1)},
        {"errmsg", int32(1)},      {"firstBatch", int32(1)},       {"hosts", int32(1)},
        {"writeErrors", int32(1)}, {"compression", int32(1)},      {"cursor", int32(1)},
        {"nextBatch", int32(1)},   {"writeConcernError", int32(0)}};
    const FakeDocument view = {
        {"name", fake_text("orders_view")},
        {"type", fake_text("view")},
        {"code", int32(0)},
        {"ns", fake_text("orders")},
        {"options", fake_document({{"viewOn", fake_text("orders")}, {"pipeline", fake_array({own_words})}})}};
    answer_once("listCollections", {{"ok", int32(1)},
                                    {"cursor", fake_document({{"id", fake_number(0)},
                                                              {"ns", fake_text("fake.$cmd.listCollections")},
                                                              {"firstBatch", fake_array({view})}})}});
    EXPECT_NE(open(), nullptr);
}

// --- arbitrary replies -----------------------------------------------------------------------------------------------

class Mutator {
public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    /// Replaces one of `one_in` replies. Returns false if the connection closes after it.
    bool operator()(std::string& message, unsigned one_in) {
        look_at(message);
        return below(one_in) != 0 || message.size() <= kDocumentAt || change(message, static_cast<int>(below(13)));
    }
    /// Keeps the length in the header correct, so that the connection stays in use.
    void rewrite(std::string& message) {
        look_at(message);
        constexpr std::array kInPlace = {0, 1, 2, 7, 8, 9, 10, 11};
        change(message, kInPlace[below(kInPlace.size())]);
    }
    unsigned below(std::size_t end) { return static_cast<unsigned>(random_() % end); }

private:
    void look_at(std::string& message) {
        message_ = &message;
        message_size_ = message.size();
    }
    /// The return value of `operator()`.
    bool change(std::string& message, int how) {
        switch (how) {
            case 0:  // random bytes at a few positions of the document
                for (std::size_t i = 0; i <= below(4); ++i) at(kBodyAt) = static_cast<char>(random_());
                return true;
            case 1:  // another type, another name, the largest possible number
                at(kDocumentAt) = "\x01\x02\x03\x04\x05\x08\x09\x0A\x10\x12\x7F\xFF"[below(12)];
                return true;
            case 2:
                for (std::size_t i = 0, begin = index(kDocumentAt); i < 8 && begin + i < message_size_; ++i)
                    message[begin + i] = static_cast<char>(0xFF);
                return true;
            case 3:  // half of it
                message.resize(message.size() / 2 + below(message.size() / 2));
                return false;
            case 4:  // a wrong length
                message.resize(kBodyAt + below(message.size() - kBodyAt));
                set_length(message, message.size());
                return true;
            case 5:  // an impossible length
                set_int32(message, 0, std::array{-1, 0, 15, 2'000'000'000}[below(4)]);
                return below(2) == 0;
            case 6:  // a wrong request id or opcode
                message[8 + below(8)] ^= static_cast<char>(1 + below(255));
                return true;
            case 7:  // the reply to another request
            case 8:
            case 9:
                set_document(message, odd_document());
                return true;
            case 10:  // compressed, with a wrong uncompressed size or invalid contents
                pack(message, std::string(below(100), static_cast<char>(random_())), std::array{-1, 0, 5, 50}[below(4)],
                     static_cast<char>(below(4)));
                return true;
            case 11:  // in the form of a reply to an OP_QUERY
                make_reply(message);
                return true;
            default:
                return false;
        }
    }
    char& at(std::size_t from) { return (*message_)[index(from)]; }
    std::size_t index(std::size_t from) { return from + below(message_size_ - from); }
    /// Replaces most replies.
    FakeValue odd_text(const char* text) {
        const unsigned choice = below(kOddValues.size() + 2);
        return choice < kOddValues.size() ? kOddValues[choice] : fake_text(text);
    }
    FakeDocument odd_document() {
        FakeDocument document = {{"ok", int32(below(3))}};
        const auto number = [this] { return std::array{-1, 0, 1, 2'147'483'647}[below(4)]; };
        if (below(2) == 0) document.emplace_back("n", int32(number()));
        if (below(2) == 0) document.emplace_back("code", int32(std::array{0, 11'000, 13, 59, 189}[below(5)]));
        if (below(2) == 0) document.emplace_back("errmsg", odd_text("{ \xFF"));
        if (below(2) == 0) document.emplace_back("value", below(2) == 0 ? int32(number()) : fake_document({}));
        if (below(2) == 0)
            document.emplace_back("writeErrors", fake_array({{{"index", int32(number())},
                                                              {"code", int32(std::array{0, 11'000}[below(2)])},
                                                              {"errmsg", odd_text("E11000")}},
                                                             FakeDocument{}}));
        if (below(2) == 0)
            document.emplace_back("writeConcernError", below(2) == 0 ? odd_text("no document")
                                                                     : fake_document({{"code", int32(below(2))},
                                                                                      {"errmsg", odd_text("late")}}));
        if (below(4) == 0) document.emplace_back("errorLabels", odd_text("no array"));
        if (below(2) == 0)
            document.emplace_back(
                "cursor", fake_document({{"id", fake_number(number())},
                                         {"ns", odd_text(below(2) == 0 ? "x.y" : "")},
                                         {below(2) == 0 ? "firstBatch" : "nextBatch", fake_array({{}, document})}}));
        return document;
    }

    std::mt19937 random_;
    std::string* message_ = nullptr;
    std::size_t message_size_ = 0;
};

bool is_long() {
    const char* value = std::getenv("GLOBES_LONG");
    return value != nullptr && *value == '1';
}

TEST_F(MongoAnswers, NoReplyEndsTheProcessOrLeavesACallUnanswered) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    const int kRounds = is_long() ? 1'000 : 40;
    open_with_room();
    Mutator mutate(20'250'601);
    server_.set_tamper([&](const std::string&, std::string& message) { return mutate(message, 4); });
    std::atomic<int> answered = 0;
    std::mt19937 random(7);
    for (int round = 1; round <= kRounds; ++round) {
        const auto seq = static_cast<std::uint64_t>(round);
        store_->append(batch_of(send(seq, fmt::format("c{}", random() % 40))), [&](BatchOutcome) { ++answered; });
        if (round % 5 == 0)
            store_->append(batch_of(PutRoom{sample_room(2)}), [&](BatchOutcome) { ++answered; });
        else
            store_->read_events({.room = 1, .limit = 100}, [&](EventPage) { ++answered; });
        store_->find_sends({{1, "david", "c1"}, {1, "david", "c2"}}, [&](SendLookup) { ++answered; });
        ASSERT_NO_FATAL_FAILURE(ping(*store_));
    }
    while (answered < 3 * kRounds) std::this_thread::yield();
    server_.set_tamper(nullptr);
    // A reply may have made it believe, for good, that another process has taken over.
    store_->stop();
    store_ = open();
    const auto is_committed = [&](std::uint64_t seq) { return commit(*store_, batch_of(send(seq, ""))) == committed; };
    std::uint64_t seq = 10'000;
    while (!is_committed(seq)) ++seq;
    EXPECT_THAT(seqs_of(read(*store_, {.room = 1, .after = seq - 1, .limit = 1})), ElementsAre(seq));
    EXPECT_TRUE(ping(*store_));
}

TEST_F(MongoAnswers, NoReplyEndsACommand) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    const int kRounds = is_long() ? 5'000 : 200;
    const mongo::ConnectionPool pool(server_.uri(), kHasty);
    mongo::Session session(pool, "fake");
    mongo::Document document;
    document.text("_id", "one");
    mongo::Document change;
    change.document("$set", document);
    mongo::Document list;
    list.integer("listCollections", 1);
    mongo::Document ping;
    ping.integer("ping", 1);
    Mutator mutate(20'250'603);
    std::size_t changed = 0;
    server_.set_tamper([&](const std::string& command, std::string& message) {
        if (is_hello(command)) return true;
        mutate.rewrite(message);
        ++changed;
        return true;
    });
    const auto read = [](const auto& call) {
        try {
            call();
        } catch (const mongo::DatabaseError& error) {
            EXPECT_STRNE(error.what(), nullptr);
        }
    };
    for (int round = 0; round < kRounds; ++round) {
        session.insert("some", std::span(&document, 1));
        session.update("some", document, change, true);
        session.remove("some", document);
        read([&] { session.find("some", document, mongo::Document(), 1, [](const mongo::DocumentView&) {}); });
        read([&] { session.for_each_of_command(list, [](const mongo::DocumentView&) {}); });
        read([&] { session.command(ping, [](const mongo::DocumentView&) {}); });
    }
    server_.set_tamper(nullptr);
    EXPECT_GT(changed, 6 * static_cast<std::size_t>(kRounds) * 9 / 10) << "the calls reached the server";
    EXPECT_EQ(session.remove("some", document).status, mongo::WriteStatus::acknowledged);
}

TEST_F(MongoAnswers, NoReplyEndsAStart) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    const int kRounds = is_long() ? 1'000 : 40;
    open_with_room();
    ASSERT_EQ(commit(*store_, appends(1, 1, 3)), committed);
    store_->stop();
    Mutator mutate(20'250'602);
    int opened = 0;
    for (int round = 0; round < kRounds; ++round) {
        server_.set_tamper(
            [&](const std::string& command, std::string& message) { return is_hello(command) || mutate(message, 8); });
        try {
            const auto store = open();
            ++opened;
        } catch (const std::runtime_error& error) {
            EXPECT_THAT(error.what(), testing::StartsWith("MongoDB at 127.0.0.1:"));
        }
    }
    EXPECT_GT(opened, 0);
    EXPECT_LT(opened, kRounds);
}

}  // namespace
}  // namespace globes::store
