// The order of a dump's messages, with and without a temporary file.
#include "maintenance/message_sorter.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace globes::maintenance {
namespace {

OriginalMessage message(chat::RoomId room, UnixMicros time, std::string id, std::string text) {
    return {.event = {.room = room, .name = "ada", .color = "red", .text = std::move(text), .time = time},
            .id = std::move(id)};
}

std::vector<std::string> texts(const MessageSorter& sorter) {
    std::vector<std::string> all;
    const auto sorted = sorter.sorted();
    while (const auto next = sorted->next()) all.push_back(next->event.text);
    return all;
}

TEST(MessageSorter, SortsByRoomTimeIdAndTheOrderOfTheFile) {
    for (const std::size_t run_bytes : {MessageSorter::kRunBytes, std::size_t{1}}) {
        MessageSorter sorter(run_bytes);
        sorter.add(message(3, 5, "", "six"));
        sorter.add(message(2, 9, "", "five"));
        sorter.add(message(2, 5, "bb", "four"));
        sorter.add(message(2, 5, "aa", "three"));
        sorter.add(message(2, 5, "", "one"));
        sorter.add(message(2, 5, "", "two"));
        sorter.finish();
        EXPECT_THAT(texts(sorter), testing::ElementsAre("one", "two", "three", "four", "five", "six"));
        EXPECT_EQ(texts(sorter), texts(sorter)) << "can be read several times";
    }
}

TEST(MessageSorter, TheTemporaryFileDoesNotChangeTheOrder) {
    std::mt19937 random(7);
    MessageSorter in_memory;
    MessageSorter in_runs(10'000);
    for (int i = 0; i < 5000; ++i) {
        const std::size_t length = i % 97 == 0 ? 200'000 : random() % 50;
        OriginalMessage one = message(1 + random() % 3, static_cast<UnixMicros>(random() % 1000),
                                      i % 2 == 0 ? "" : "id", std::to_string(i) + std::string(length, 'x'));
        one.event.name = std::string(random() % 32, 'n');
        one.other_id = std::to_string(random() % 100);
        in_memory.add(one);
        in_runs.add(std::move(one));
    }
    in_memory.finish();
    in_runs.finish();
    const auto expected = in_memory.sorted();
    const auto found = in_runs.sorted();
    for (int i = 0; i < 5000; ++i) {
        const auto one = expected->next();
        const auto other = found->next();
        ASSERT_TRUE(one && other);
        ASSERT_EQ(one->event, other->event);
        ASSERT_EQ(one->id, other->id);
        ASSERT_EQ(one->other_id, other->other_id);
    }
    EXPECT_FALSE(expected->next());
    EXPECT_FALSE(found->next());
}

TEST(MessageSorter, SortsNoMessages) {
    MessageSorter sorter;
    sorter.finish();
    EXPECT_THAT(texts(sorter), testing::IsEmpty());
}

}  // namespace
}  // namespace globes::maintenance
