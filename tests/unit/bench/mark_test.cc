#include "bench/mark.h"

#include <gtest/gtest.h>

#include <string>

using globes::bench::find_mark;
using globes::bench::kMarkBytes;
using globes::bench::Mark;
using globes::bench::write_mark;

namespace {

std::string text_of(const Mark& mark) {
    std::string text(kMarkBytes, '\0');
    write_mark(text.data(), mark);
    return text;
}

const Mark kSome{.sender = 17, .n = 4'000'000'001, .sent_ns = 1'234'567'890'123'456'789};

}  // namespace

TEST(Mark, IsFoundInWhateverTheServerWrapsAroundIt) {
    std::size_t hint = 0;
    EXPECT_EQ(find_mark(R"({"name":"bench-17","msg":")" + text_of(kSome) + R"(....."})", hint), kSome);
}

TEST(Mark, AWrongHintOnlyCostsASearch) {
    std::size_t hint = 500;
    EXPECT_EQ(find_mark("abc" + text_of(kSome), hint), kSome);
    EXPECT_EQ(hint, 3u);
    EXPECT_EQ(find_mark("ab" + text_of(kSome), hint), kSome);
    EXPECT_EQ(hint, 2u);
}

TEST(Mark, EventsWithoutOneHaveNone) {
    std::size_t hint = 0;
    EXPECT_FALSE(find_mark(R"({"event_type":"join","name":"guest","msg":"guest entered the room."})", hint));
    EXPECT_FALSE(find_mark("", hint));
}

TEST(Mark, ACutOrDamagedOneIsNone) {
    std::size_t hint = 0;
    const std::string whole = text_of(kSome);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(find_mark(whole.substr(0, size), hint)) << size;
    std::string damaged = whole;
    damaged[10] = 'x';
    EXPECT_FALSE(find_mark(damaged, hint));
}
