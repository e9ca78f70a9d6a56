#include "roomlog/retained_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "roomlog/slice.h"
#include "unit/roomlog/published_log.h"

namespace globes::roomlog {
namespace {

std::string text_frame(std::string_view payload) {
    std::string frame;
    append_frame(frame, Opcode::text, payload);
    return frame;
}

/// A slice in a block of its own, at `begin` of the log.
Slice slice_at(Position begin, std::string_view bytes) {
    Slice slice = make_slice(bytes);
    slice.begin = begin;
    return slice;
}

std::string read(const RetainedLog& retained, Position from) {
    std::string bytes;
    std::array<std::string_view, 3> views;
    for (std::size_t filled = views.size(); filled == views.size();) {
        filled = retained.gather(from + bytes.size(), views);
        for (const std::string_view view : std::span(views).first(filled)) bytes += view;
    }
    return bytes;
}

TEST(RetainedLog, ANewLogIsEmptyAndStartsAtItsFirstSlice) {
    RetainedLog retained;
    EXPECT_TRUE(retained.empty());
    EXPECT_EQ(retained.begin(), retained.end());
    retained.extend(slice_at(1000, "abc"));
    EXPECT_FALSE(retained.empty());
    EXPECT_EQ(retained.begin(), 1000U);
    EXPECT_EQ(retained.end(), 1003U);
}

TEST(RetainedLog, ReadsFromAnyPositionAcrossSlices) {
    RetainedLog retained;
    retained.extend(slice_at(10, "abc"));
    retained.extend(slice_at(13, "d"));
    retained.extend(slice_at(14, "efgh"));
    const std::string all = "abcdefgh";
    for (std::size_t from = 0; from <= all.size(); ++from)
        EXPECT_EQ(read(retained, 10 + from), all.substr(from)) << from;
}

TEST(RetainedLog, GathersNoMoreViewsThanTheOutputHolds) {
    RetainedLog retained;
    for (Position at = 0; at < 5; ++at) retained.extend(slice_at(at, "x"));
    std::array<std::string_view, 3> views;
    EXPECT_EQ(retained.gather(0, views), 3U);
    EXPECT_EQ(retained.gather(2, views), 3U);
    EXPECT_EQ(retained.gather(3, views), 2U);
    EXPECT_EQ(retained.gather(5, views), 0U);
}

TEST(RetainedLog, ACursorAheadOfTheEndFindsNothing) {
    RetainedLog retained;
    std::array<std::string_view, 3> views;
    EXPECT_EQ(retained.gather(0, views), 0U);
    retained.extend(slice_at(0, "abc"));
    EXPECT_EQ(retained.gather(100, views), 0U);
}

TEST(RetainedLog, SlicesOfOneBlockAreReadAsOne) {
    PublishedLog writer;
    RetainedLog retained;
    for (const char* text : {"a", "b", "c"}) retained.extend(writer.append(text_frame(text)));
    std::array<std::string_view, 3> views;
    EXPECT_EQ(retained.gather(0, views), 1U);
    EXPECT_EQ(views[0], text_frame("a") + text_frame("b") + text_frame("c"));
}

TEST(RetainedLog, ReleasesWholeSlicesAndTheirMemory) {
    RetainedLog retained;
    std::vector<std::weak_ptr<const char[]>> blocks;
    for (Position at = 0; at < 30; at += 10) {
        const Slice slice = slice_at(at, "0123456789");
        blocks.push_back(slice.block);
        retained.extend(slice);
    }
    retained.release_before(9);
    EXPECT_EQ(retained.begin(), 0U);
    retained.release_before(15);
    EXPECT_EQ(retained.begin(), 10U);
    EXPECT_TRUE(blocks[0].expired());
    EXPECT_FALSE(blocks[1].expired());
    EXPECT_EQ(read(retained, 15), "567890123456789");
    retained.release_before(30);
    EXPECT_TRUE(retained.empty());
    EXPECT_EQ(retained.begin(), 30U);
    EXPECT_EQ(retained.end(), 30U);
    EXPECT_TRUE(blocks[2].expired());
    retained.extend(slice_at(30, "more"));
    EXPECT_EQ(read(retained, 30), "more");
}

// Property: from every boundary to every later position, the boundary found is the first one there.
TEST(RetainedLog, FindsTheFirstFrameBoundaryAtOrAfterAnyPosition) {
    std::mt19937 random(11);
    PublishedLog writer;
    RetainedLog retained;
    std::vector<Position> boundaries{0};
    for (int i = 0; i < 60; ++i) {
        const std::size_t payload_bytes = i == 30 ? 70'000 : random() % 400;
        writer.append(text_frame(std::string(payload_bytes, 'x')));
        boundaries.push_back(writer.end());
        if (random() % 3 == 0)
            for (const Slice& slice : writer.take_unpublished()) retained.extend(slice);
    }
    for (const Slice& slice : writer.take_unpublished()) retained.extend(slice);

    for (int trial = 0; trial < 5000; ++trial) {
        const Position at = random() % (writer.end() + 1);
        const auto next = std::ranges::lower_bound(boundaries, at);
        const auto before = std::ranges::upper_bound(boundaries, at) - boundaries.begin();
        const Position from = boundaries[random() % static_cast<std::size_t>(before)];
        ASSERT_EQ(retained.frame_boundary(from, at), *next) << from << ' ' << at;
    }
}

}  // namespace
}  // namespace globes::roomlog
