// A database that answers anything: whatever it says, the process lives, everybody is answered, and once it is itself
// again the store goes on.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

#include "contract/fake_mongodb.h"
#include "contract/store_suite.h"
#include "store/mongo/mongo_store.h"

namespace globes::store {
namespace {

using namespace globes::chat;
using namespace std::chrono_literals;
using testing::ElementsAre;
using enum CommitOutcome;

constexpr MongoTimes kHasty{
    .selection = 300ms, .connect = 300ms, .socket = 300ms, .lookup = 300ms, .batch = 400ms, .read = 400ms};
#ifdef GLOBES_CHECKS_ANSWERS
constexpr bool kAreAnswersChecked = true;
#else
constexpr bool kAreAnswersChecked = false;
#endif
constexpr const char* kUncheckedDriver = "this build takes the driver from a shared library, which checks no answer";
constexpr std::size_t kBodyAt = 16;
constexpr std::size_t kDocumentAt = 21;

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
    /// Replaces the document of the next answer to `command` that `is_wanted`, and of no other.
    void answer_once(std::string command, FakeDocument document) {
        auto is_due = std::make_shared<bool>(true);
        server_.set_tamper([=](const std::string& asked, std::string& message) {
            if (asked != command || !std::exchange(*is_due, asked != command)) return true;
            message.resize(kDocumentAt);
            message += to_bson(document);
            const auto length = static_cast<std::int32_t>(message.size());
            std::memcpy(message.data(), &length, sizeof length);
            return true;
        });
    }

    FakeMongodb server_;
    std::unique_ptr<Store> store_;
};

AppendEvent send(std::uint64_t seq, std::string client_id) {
    Event event = sample_event(1, seq);
    event.client_id = std::move(client_id);
    return {std::move(event)};
}

FakeValue int32(std::int64_t number) { return {.type = 16, .number = number}; }

TEST_F(MongoAnswers, AnInsertIsRefusedAtTheIndexThatTheServerNamesWhateverItCounts) {
    server_.count_refused_documents();
    open_with_room();
    ASSERT_EQ(commit(*store_, batch_of(send(1, "a"))), committed);
    const BatchOutcome refused = outcome(batch_of(send(2, "b"), send(3, "a"), send(4, "c")));
    EXPECT_EQ(refused.of(1), failed);
    EXPECT_EQ(refused.repeated_seq(1), 3);
    EXPECT_THAT(seqs_in(*store_, 1), ElementsAre(1, 2));
}

TEST_F(MongoAnswers, WhatStandsBeforeARepeatIsReadThoughAnotherRoomOfTheBatchIsStuck) {
    open_with_room();
    ASSERT_EQ(commit(*store_, batch_of(PutRoom{sample_room(2)}, send(1, "a"))), committed);
    // No other insert and no later look than those of the repeat get an answer.
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

TEST_F(MongoAnswers, WhatTheServerDoesNotConfirmIsReadBack) {
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

TEST_F(MongoAnswers, AServerThatRefusesForEverIsAskedNowAndThen) {
    open_with_room();
    server_.set_tamper([](const std::string& asked, std::string& message) {
        if (asked != "insert") return true;
        message.resize(kDocumentAt);
        message += to_bson({{"ok", int32(1)},
                            {"n", int32(0)},
                            {"writeErrors", fake_array({{{"index", int32(0)}, {"code", int32(11'000)}}})}});
        const auto length = static_cast<std::int32_t>(message.size());
        std::memcpy(message.data(), &length, sizeof length);
        return true;
    });
    const std::size_t before = server_.count("insert");
    EXPECT_NE(commit(*store_, batch_of(send(1, "a"))), failed) << "it is there";
    EXPECT_LT(server_.count("insert") - before, 50);
}

TEST_F(MongoAnswers, DocumentsThatWereNotAskedForAreNoHistory) {
    open_with_room();
    ASSERT_EQ(commit(*store_, appends(1, 1, 3)), committed);
    const auto cursor = [](FakeDocument event) {
        return FakeDocument{{"ok", int32(1)},
                            {"cursor", fake_document({{"id", fake_number(0)},
                                                      {"ns", fake_text("chat_server.globes_events")},
                                                      {"firstBatch", fake_array({std::move(event)})}})}};
    };
    const FakeDocument good = {
        {"_id", fake_text("1:2")},     {"room_id", fake_number(1)},  {"seq", fake_number(2)},
        {"kind", fake_text("send")},   {"name", fake_text("david")}, {"color", fake_text("")},
        {"text", fake_text("hello")},  {"client_id", fake_text("")}, {"time", {.type = 9, .number = 1}},
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

// --- any answer ------------------------------------------------------------------------------------------------------

class Mutator {
public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    /// One answer of `one_in` becomes something else. Returns false where the connection closes behind it.
    bool operator()(std::string& message, unsigned one_in) {
        if (below(one_in) != 0 || message.size() <= kDocumentAt) return true;
        switch (below(9)) {
            case 0:  // garbage in a few places of the document
                for (std::size_t i = 0; i <= below(4); ++i) at(kBodyAt) = static_cast<char>(random_());
                return true;
            case 1:  // another type, another name, a number that is as large as can be
                at(kDocumentAt) = "\x01\x02\x03\x04\x05\x08\x09\x0A\x10\x12\x7F\xFF"[below(12)];
                return true;
            case 2:
                for (std::size_t i = 0, begin = index(kDocumentAt); i < 8 && begin + i < message_size_; ++i)
                    message[begin + i] = static_cast<char>(0xFF);
                return true;
            case 3:  // half of it
                message.resize(message.size() / 2 + below(message.size() / 2));
                return false;
            case 4:  // of another length than it says
                message.resize(kBodyAt + below(message.size() - kBodyAt));
                set_length(message, static_cast<std::int32_t>(message.size()));
                return true;
            case 5:  // a length that can't be
                set_length(message, std::array{-1, 0, 15, 2'000'000'000}[below(4)]);
                return below(2) == 0;
            case 6:  // of another question, or no answer at all
                message[8 + below(8)] ^= static_cast<char>(1 + below(255));
                return true;
            case 7:  // an answer to another question
                message.resize(kDocumentAt);
                message += to_bson(odd_document());
                set_length(message, static_cast<std::int32_t>(message.size()));
                return true;
            default:
                return false;
        }
    }
    void look_at(std::string& message) {
        message_ = &message;
        message_size_ = message.size();
    }
    unsigned below(std::size_t end) { return static_cast<unsigned>(random_() % end); }

private:
    char& at(std::size_t from) { return (*message_)[index(from)]; }
    std::size_t index(std::size_t from) { return from + below(message_size_ - from); }
    static void set_length(std::string& message, std::int32_t length) {
        std::memcpy(message.data(), &length, sizeof length);
    }
    FakeDocument odd_document() {
        FakeDocument document = {{"ok", int32(below(3))}};
        const auto number = [this] { return std::array{-1, 0, 1, 2'147'483'647}[below(4)]; };
        if (below(2) == 0) document.emplace_back("n", int32(number()));
        if (below(2) == 0) document.emplace_back("code", int32(std::array{0, 11'000, 13, 59, 189}[below(5)]));
        if (below(2) == 0) document.emplace_back("errmsg", fake_text("{ \xFF"));
        if (below(2) == 0) document.emplace_back("value", below(2) == 0 ? int32(number()) : fake_document({}));
        if (below(2) == 0)
            document.emplace_back("writeErrors",
                                  fake_array({{{"index", int32(number())}, {"code", int32(11'000)}}, FakeDocument{}}));
        if (below(2) == 0) document.emplace_back("writeConcernError", fake_text("no document"));
        if (below(2) == 0)
            document.emplace_back(
                "cursor", fake_document({{"id", fake_number(number())},
                                         {"ns", fake_text(below(2) == 0 ? "x.y" : "")},
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

TEST_F(MongoAnswers, NoAnswerEndsTheProcessOrLeavesAnybodyWaiting) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    const int kRounds = is_long() ? 1'000 : 40;
    open_with_room();
    Mutator mutate(20'250'601);
    server_.set_tamper([&](const std::string&, std::string& message) {
        mutate.look_at(message);
        return mutate(message, 4);
    });
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
    // It may have been told that another process has taken over, and believe it for good.
    store_->stop();
    store_ = open();
    const auto is_committed = [&](std::uint64_t seq) { return commit(*store_, batch_of(send(seq, ""))) == committed; };
    std::uint64_t seq = 10'000;
    while (!is_committed(seq)) ++seq;
    EXPECT_THAT(seqs_of(read(*store_, {.room = 1, .after = seq - 1, .limit = 1})), ElementsAre(seq));
    EXPECT_TRUE(ping(*store_));
}

TEST_F(MongoAnswers, NoAnswerEndsAStart) {
    if (!kAreAnswersChecked) GTEST_SKIP() << kUncheckedDriver;
    const int kRounds = is_long() ? 1'000 : 40;
    open_with_room();
    ASSERT_EQ(commit(*store_, appends(1, 1, 3)), committed);
    store_->stop();
    Mutator mutate(20'250'602);
    int opened = 0;
    for (int round = 0; round < kRounds; ++round) {
        server_.set_tamper([&](const std::string& command, std::string& message) {
            mutate.look_at(message);
            return command == "hello" || command == "isMaster" || mutate(message, 8);
        });
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
