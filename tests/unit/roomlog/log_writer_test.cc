#include "roomlog/log_writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "roomlog/slice.h"

namespace globes::roomlog {
namespace {

std::string text_frame(std::string_view payload) {
    std::string frame;
    append_frame(frame, Opcode::text, payload);
    return frame;
}

std::string joined(const std::vector<Slice>& slices) {
    std::string bytes;
    for (const Slice& slice : slices) bytes += slice.bytes();
    return bytes;
}

TEST(LogWriter, ReturnsThePositionsOfFrames) {
    LogWriter writer;
    EXPECT_EQ(writer.end(), 0U);
    const Slice first = writer.append(text_frame("first"));
    EXPECT_EQ(first.begin, 0U);
    EXPECT_EQ(first.bytes(), text_frame("first"));
    EXPECT_EQ(writer.end(), first.end());
    const Slice second = writer.append(text_frame("second"));
    EXPECT_EQ(second.begin, first.end());
    EXPECT_EQ(second.bytes(), text_frame("second"));
}

TEST(LogWriter, FramesShareABlockSoThatOneSendTakesMany) {
    LogWriter writer;
    const Slice first = writer.append(text_frame("a"));
    const Slice second = writer.append(text_frame("b"));
    EXPECT_EQ(first.block, second.block);
    EXPECT_EQ(first.offset + first.size, second.offset);
}

TEST(LogWriter, PublishedBytesAreNeverOverwritten) {
    LogWriter writer;
    const Slice published = writer.append(text_frame("stays"));
    for (int i = 0; i < 1000; ++i) writer.append(text_frame("later " + std::to_string(i)));
    EXPECT_EQ(published.bytes(), text_frame("stays"));
}

TEST(LogWriter, ABlockLivesAsLongAsItsSlices) {
    LogWriter writer;
    Slice held = writer.append(text_frame("held"));
    const std::weak_ptr<const char[]> block = held.block;
    for (int i = 0; i < 1000; ++i) writer.append(text_frame("later"));
    EXPECT_FALSE(block.expired());
    held = {};
    EXPECT_TRUE(block.expired());
}

// Property: whatever the sizes, the slices are the appended frames in order, without a gap between positions.
TEST(LogWriter, SlicesAreTheAppendedFramesWithoutGap) {
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        LogWriter writer;
        std::string appended;
        std::vector<Slice> slices;
        for (int i = 0; i < 200; ++i) {
            const std::size_t largest = random() % 20 == 0 ? 100'000 : 700;
            const std::string frame = text_frame(std::string(random() % largest, static_cast<char>('a' + i % 26)));
            appended += frame;
            slices.push_back(writer.append(frame));
        }
        Position at = 0;
        for (const Slice& slice : slices) {
            ASSERT_EQ(slice.begin, at);
            at = slice.end();
        }
        ASSERT_EQ(at, writer.end());
        ASSERT_EQ(joined(slices), appended);
    }
}

TEST(LogWriter, AReleasedBlockLivesAsLongAsItsSlicesAndASmallOneFollows) {
    LogWriter writer;
    for (int i = 0; i < 1000; ++i) writer.append(text_frame("makes blocks larger"));
    Slice held = writer.append(text_frame("held"));
    const std::weak_ptr<const char[]> block = held.block;
    writer.release_block();
    EXPECT_EQ(held.bytes(), text_frame("held"));
    const Slice next = writer.append(text_frame("next"));
    EXPECT_EQ(next.begin, held.end());
    EXPECT_NE(next.block, held.block);
    EXPECT_EQ(next.offset, 0U);
    held = {};
    EXPECT_TRUE(block.expired());
}

}  // namespace
}  // namespace globes::roomlog
