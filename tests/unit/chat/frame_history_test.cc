#include "chat/frame_history.h"

#include <gmock/gmock.h>

#include "unit/chat/fakes.h"

namespace globes::chat {
namespace {

constexpr RoomId kRoom = 7;

class FrameHistoryTest : public testing::Test {
protected:
    FrameHistoryTest() { say(25); }
    void say(int count) {
        std::vector<Event>& events = store.kept[kRoom].events;
        for (int i = 0; i < count; ++i) {
            const auto seq = events.size() + 1;
            events.push_back({.kind = EventKind::send,
                              .room = kRoom,
                              .seq = seq,
                              .name = "ann",
                              .text = "x",
                              .time = static_cast<UnixMicros>(seq) * 1'000'000});
        }
    }
    /// Requests the page after `after`; adds the first and last seq of its events to `pages`.
    void ask(std::uint64_t after, std::uint64_t last_seq = 25, UnixMicros not_before = 0, Asker asker = kServerAsks) {
        history.read(
            kRoom, after, last_seq, {.now = 2 * not_before, .period = not_before}, asker,
            [this](const std::shared_ptr<const FramePage>& page) {
                pages.push_back(page == nullptr ? "none" : fmt::format("{}-{}", page->first_seq, page->last_seq));
                newest = page;
            });
    }
    void answer_reads() {
        for (TaskBatch tasks = posted.take(); !store.reads.empty() || !tasks.empty(); tasks = posted.take()) {
            if (!store.reads.empty()) {
                ++reads;
                store.answer_read();
            }
            tasks.run(TaskThread::core);
        }
    }
    std::string between(std::uint64_t after, std::uint64_t until) const {
        return std::string(newest->between(after, until).bytes());
    }

    FakeStore store;
    TextEncoder encoder;
    Mailbox posted;
    std::shared_ptr<const CorePost> post =
        std::make_shared<const CorePost>([this](TaskBatch tasks) { posted.push(std::move(tasks)); });
    FrameHistory history{store, encoder, post, {.page_events = 10, .cached_bytes = 250, .reads_in_flight = 2}};
    std::vector<std::string> pages;
    std::shared_ptr<const FramePage> newest;
    int reads = 0;
};

TEST_F(FrameHistoryTest, ReturnsTheAlignedPageWithTheNextEvent) {
    ask(0);
    ask(9);
    ask(10);
    ask(24);
    answer_reads();
    EXPECT_THAT(pages, testing::ElementsAre("1-10", "1-10", "11-20", "21-25"));
    EXPECT_EQ(reads, 3) << "the first two share a read";
}

TEST_F(FrameHistoryTest, APageReturnsTheFramesBetweenTwoSeqs) {
    ask(10);
    answer_reads();
    EXPECT_EQ(between(10, 12), "#11 ann: x\n#12 ann: x\n");
    EXPECT_EQ(between(3, 11), "#11 ann: x\n");
    EXPECT_EQ(between(19, 99), "#20 ann: x\n");
    EXPECT_EQ(between(20, 25), "");
    EXPECT_EQ(between(12, 12), "");
}

TEST_F(FrameHistoryTest, APageHasTheTimesOfItsEvents) {
    ask(10);
    answer_reads();
    EXPECT_EQ(newest->time_of(11), 11'000'000);
    EXPECT_EQ(newest->time_of(20), 20'000'000);
    EXPECT_EQ(newest->time_of(10), std::nullopt);
    EXPECT_EQ(newest->time_of(21), std::nullopt);
}

TEST_F(FrameHistoryTest, AskersAreServedRoundRobin) {
    constexpr Asker kMany{1, 1};
    constexpr Asker kOne{2, 2};
    for (const std::uint64_t after : {0U, 10U, 20U}) ask(after, 25, 0, kMany);
    for (const std::uint64_t after : {1U, 11U}) ask(after, 24, 0, kMany);  // the first two pages are in flight
    ask(21, 24, 0, kMany);
    ask(22, 23, 0, kOne);
    answer_reads();
    EXPECT_THAT(pages, testing::ElementsAre("1-10", "1-10", "11-20", "11-20", "21-25", "21-23", "21-24"));
}

TEST_F(FrameHistoryTest, APageComesWithTheFirstAskerWhoseTurnItIs) {
    constexpr Asker kMany{1, 1};
    constexpr Asker kOne{2, 2};
    say(25);
    for (const std::uint64_t after : {0U, 10U, 20U, 30U, 40U}) ask(after, 50, 0, kMany);
    ask(40, 50, 0, kOne);
    answer_reads();
    EXPECT_THAT(pages, testing::ElementsAre("1-10", "11-20", "21-30", "41-50", "41-50", "31-40"));
    EXPECT_EQ(reads, 5);
}

TEST_F(FrameHistoryTest, OneEventIsReadWithoutItsPage) {
    std::optional<UnixMicros> time;
    history.read_event(kRoom, 17, {}, kServerAsks, [&](const auto& page) { time = page->time_of(17); });
    ASSERT_EQ(store.reads.size(), 1U);
    EXPECT_EQ(store.reads.front().query.after, 16U);
    EXPECT_EQ(store.reads.front().query.before, 18U);
    answer_reads();
    EXPECT_EQ(time, 17'000'000);
    ask(16);
    answer_reads();
    EXPECT_THAT(pages, testing::ElementsAre("11-20"));
}

class FrameHistoryPartsTest : public FrameHistoryTest {
protected:
    FrameHistoryPartsTest() : parts(store, encoder, post, {.page_events = 10, .page_bytes = 100}) {
        for (Event& event : store.kept[kRoom].events) event.text = std::string(40, 'y');  // of 43 bytes with the name
    }
    std::shared_ptr<const FramePage> read(std::uint64_t after) {
        std::shared_ptr<const FramePage> result;
        parts.read(kRoom, after, 25, {}, kServerAsks, [&](const auto& page) { result = page; });
        answer_reads();
        return result;
    }

    FrameHistory parts;
};

TEST_F(FrameHistoryPartsTest, APageOfLongMessagesHasPartsWithinTheLimit) {
    std::string seqs;
    for (std::uint64_t after = 0; after < 25;) {
        const auto part = read(after);
        EXPECT_LE(part->frames.size, 100U + 43U);
        EXPECT_EQ(part->first_seq, after + 1);
        seqs += fmt::format(" {}-{}", part->first_seq, part->last_seq);
        after = part->last_seq;
    }
    EXPECT_EQ(seqs, " 1-2 3-4 5-6 7-8 9-10 11-12 13-14 15-16 17-18 19-20 21-22 23-24 25-25");
}

TEST_F(FrameHistoryPartsTest, AReaderInTheMiddleOfAPageGetsThePartWithItsNextEvent) {
    EXPECT_EQ(read(16)->first_seq, 17U);
    EXPECT_EQ(read(13)->first_seq, 13U);
    EXPECT_EQ(reads, 4) << "from the beginning of the page to the part, and then from the cache";
    EXPECT_EQ(read(13)->time_of(14), 14'000'000);
}

TEST_F(FrameHistoryPartsTest, AMessageLongerThanAPartIsAPartOfItsOwn) {
    store.kept[kRoom].events[4].text = std::string(1000, 'z');
    EXPECT_EQ(read(2)->last_seq, 4U);
    EXPECT_EQ(read(4)->last_seq, 5U);
    EXPECT_EQ(read(5)->last_seq, 7U);
}

TEST_F(FrameHistoryPartsTest, FramesLongerThanTheStoredTextsEndAPart) {
    encoder.repeats = 10;
    EXPECT_EQ(read(0)->last_seq, 1U);
    EXPECT_EQ(read(1)->last_seq, 2U);
}

TEST_F(FrameHistoryTest, APageIsReadOnceForManyReaders) {
    for (int i = 0; i < 1000; ++i) ask(0);
    answer_reads();
    for (int i = 0; i < 1000; ++i) ask(0);
    EXPECT_EQ(reads, 1);
    EXPECT_EQ(pages.size(), 2000U);
}

TEST_F(FrameHistoryTest, AnIncompletePageIsReadAgainWhenTheRoomHasNewEvents) {
    ask(20);
    answer_reads();
    say(3);
    ask(20, 28);
    answer_reads();
    EXPECT_THAT(pages, testing::ElementsAre("21-25", "21-28"));
}

TEST_F(FrameHistoryTest, ParallelReadsAreLimitedAndTheOthersWait) {
    ask(0);
    ask(10);
    ask(20);
    EXPECT_EQ(store.reads.size(), 2U);
    answer_reads();
    EXPECT_EQ(pages.size(), 3U);
}

TEST_F(FrameHistoryTest, DropsTheLeastRecentlyUsedPages) {
    for (const std::uint64_t after : {0U, 10U, 0U, 20U}) {
        ask(after);
        answer_reads();
    }
    EXPECT_EQ(reads, 3);
    ask(0);
    EXPECT_EQ(pages.size(), 5U) << "it was the second to last used";
    ask(10);
    answer_reads();
    EXPECT_EQ(reads, 4);
}

TEST_F(FrameHistoryTest, AReadThatThrowsHasNoPageAndIsRepeatedForTheNextReader) {
    for (int i = 0; i < 5; ++i) {  // more than may be in flight
        store.throws = 1;
        ask(0);
        answer_reads();
        encoder.throws = true;
        ask(0);
        answer_reads();
        encoder.throws = false;
    }
    EXPECT_THAT(pages, testing::AllOf(testing::SizeIs(10), testing::Each("none")));
    EXPECT_EQ(history.reads_in_flight(), 0U);
    ask(0);
    answer_reads();
    EXPECT_EQ(pages.back(), "1-10");
}

TEST_F(FrameHistoryTest, AReaderThatThrowsDoesNotKeepOthersFromThePage) {
    history.read(kRoom, 0, 25, {}, kServerAsks, [](const auto&) { throw std::runtime_error("broken reader"); });
    ask(0);
    answer_reads();
    EXPECT_THAT(pages, testing::ElementsAre("1-10"));
}

TEST_F(FrameHistoryTest, OmitsExpiredEvents) {
    ask(0, 25, 4'000'000);
    answer_reads();
    EXPECT_THAT(pages, testing::ElementsAre("4-10"));
    ask(0, 25, 14'000'000);
    answer_reads();
    EXPECT_EQ(pages.back(), "14-13") << "an empty page says where the next events are";
}

TEST_F(FrameHistoryTest, EventsThatAreMissingFromTheStoreHaveNoBytes) {
    std::vector<Event>& events = store.kept[kRoom].events;
    events.erase(events.begin() + 13, events.begin() + 16);  // 14 to 16
    ask(10);
    answer_reads();
    EXPECT_THAT(pages, testing::ElementsAre("11-20"));
    EXPECT_EQ(between(12, 18), "#13 ann: x\n#17 ann: x\n#18 ann: x\n");
    EXPECT_EQ(between(13, 16), "");
    EXPECT_EQ(between(15, 17), "#17 ann: x\n");
    EXPECT_EQ(newest->time_of(20), 20'000'000);
}

TEST_F(FrameHistoryTest, ReportsAFailedReadAndTriesAgainNextTime) {
    ask(0);
    store.answer_read(false);
    posted.take().run(TaskThread::core);
    ask(0);
    answer_reads();
    EXPECT_THAT(pages, testing::ElementsAre("none", "1-10"));
}

}  // namespace
}  // namespace globes::chat
