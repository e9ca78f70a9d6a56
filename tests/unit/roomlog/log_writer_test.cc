#include "roomlog/log_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "roomlog/frame.h"

namespace globes::roomlog {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

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

TEST(LogWriter, SaysWhereFramesStand) {
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
    const std::vector<Slice> slices = writer.take_unpublished();
    ASSERT_THAT(slices, SizeIs(1));
    EXPECT_EQ(slices[0].bytes(), text_frame("a") + text_frame("b"));
}

TEST(LogWriter, PublishesEachByteOnce) {
    LogWriter writer;
    EXPECT_THAT(writer.take_unpublished(), IsEmpty());
    writer.append(text_frame("a"));
    EXPECT_EQ(joined(writer.take_unpublished()), text_frame("a"));
    EXPECT_THAT(writer.take_unpublished(), IsEmpty());
    writer.append(text_frame("b"));
    const std::vector<Slice> slices = writer.take_unpublished();
    EXPECT_EQ(joined(slices), text_frame("b"));
    EXPECT_EQ(slices[0].begin, text_frame("a").size());
}

TEST(LogWriter, WhatWasPublishedIsNeverWrittenAgain) {
    LogWriter writer;
    const Slice published = writer.append(text_frame("stays"));
    for (int i = 0; i < 1000; ++i) writer.append(text_frame("later " + std::to_string(i)));
    EXPECT_EQ(published.bytes(), text_frame("stays"));
}

TEST(LogWriter, ABlockLivesAsLongAsASliceOfIt) {
    LogWriter writer;
    Slice held = writer.append(text_frame("held"));
    writer.take_unpublished();
    const std::weak_ptr<const char[]> block = held.block;
    for (int i = 0; i < 1000; ++i) writer.append(text_frame("later"));
    writer.take_unpublished();
    EXPECT_FALSE(block.expired());
    held = {};
    EXPECT_TRUE(block.expired());
}

// Property: whatever the sizes and whenever it is taken, what is published is what was appended, in one piece of
// positions, and no frame lies across two slices.
TEST(LogWriter, PublishedSlicesAreTheAppendedFramesWithoutGap) {
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        LogWriter writer;
        std::string appended;
        std::vector<Slice> published;
        const auto publish = [&] {
            for (Slice& slice : writer.take_unpublished()) published.push_back(std::move(slice));
        };
        for (int i = 0; i < 200; ++i) {
            const std::size_t largest = random() % 20 == 0 ? 100'000 : 700;
            const std::string frame = text_frame(std::string(random() % largest, static_cast<char>('a' + i % 26)));
            appended += frame;
            writer.append(frame);
            if (random() % 5 == 0) publish();
        }
        publish();
        Position at = 0;
        for (const Slice& slice : published) {
            ASSERT_EQ(slice.begin, at);
            std::string_view rest = slice.bytes();
            while (!rest.empty()) {
                const std::size_t size = frame_size(rest);
                ASSERT_TRUE(size > 0 && size <= rest.size());
                rest.remove_prefix(size);
            }
            at = slice.end();
        }
        ASSERT_EQ(at, writer.end());
        ASSERT_EQ(joined(published), appended);
    }
}

}  // namespace
}  // namespace globes::roomlog
