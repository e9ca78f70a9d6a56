#include "log/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "log/frame.h"
#include "log/tail.h"

namespace globes::log {
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

std::string read(const Window& window, Position from) {
    std::string bytes;
    std::array<std::string_view, 3> views;
    for (std::size_t filled = views.size(); filled == views.size();) {
        filled = window.gather(from + bytes.size(), views);
        for (const std::string_view view : std::span(views).first(filled)) bytes += view;
    }
    return bytes;
}

TEST(Window, AFreshOneIsEmptyAndBeginsWhereItsFirstSliceDoes) {
    Window window;
    EXPECT_TRUE(window.empty());
    EXPECT_EQ(window.begin(), window.end());
    window.extend(slice_at(1000, "abc"));
    EXPECT_FALSE(window.empty());
    EXPECT_EQ(window.begin(), 1000U);
    EXPECT_EQ(window.end(), 1003U);
}

TEST(Window, ReadsFromAnyPositionAcrossSlices) {
    Window window;
    window.extend(slice_at(10, "abc"));
    window.extend(slice_at(13, "d"));
    window.extend(slice_at(14, "efgh"));
    const std::string all = "abcdefgh";
    for (std::size_t from = 0; from <= all.size(); ++from) EXPECT_EQ(read(window, 10 + from), all.substr(from)) << from;
}

TEST(Window, GathersNoMoreViewsThanThereIsRoomFor) {
    Window window;
    for (Position at = 0; at < 5; ++at) window.extend(slice_at(at, "x"));
    std::array<std::string_view, 3> views;
    EXPECT_EQ(window.gather(0, views), 3U);
    EXPECT_EQ(window.gather(2, views), 3U);
    EXPECT_EQ(window.gather(3, views), 2U);
    EXPECT_EQ(window.gather(5, views), 0U);
}

TEST(Window, ACursorAheadOfTheEndFindsNothing) {
    Window window;
    std::array<std::string_view, 3> views;
    EXPECT_EQ(window.gather(0, views), 0U);
    window.extend(slice_at(0, "abc"));
    EXPECT_EQ(window.gather(100, views), 0U);
}

TEST(Window, SlicesOfOneBlockAreReadAsOne) {
    Tail tail;
    Window window;
    for (const char* text : {"a", "b", "c"}) window.extend(tail.append(text_frame(text)));
    std::array<std::string_view, 3> views;
    EXPECT_EQ(window.gather(0, views), 1U);
    EXPECT_EQ(views[0], text_frame("a") + text_frame("b") + text_frame("c"));
}

TEST(Window, ReleasesWholeSlicesAndTheirMemory) {
    Window window;
    std::vector<std::weak_ptr<const char[]>> blocks;
    for (Position at = 0; at < 30; at += 10) {
        const Slice slice = slice_at(at, "0123456789");
        blocks.push_back(slice.block);
        window.extend(slice);
    }
    window.release_before(9);
    EXPECT_EQ(window.begin(), 0U);
    window.release_before(15);
    EXPECT_EQ(window.begin(), 10U);
    EXPECT_TRUE(blocks[0].expired());
    EXPECT_FALSE(blocks[1].expired());
    EXPECT_EQ(read(window, 15), "567890123456789");
    window.release_before(30);
    EXPECT_TRUE(window.empty());
    EXPECT_EQ(window.begin(), 30U);
    EXPECT_EQ(window.end(), 30U);
    EXPECT_TRUE(blocks[2].expired());
    window.extend(slice_at(30, "more"));
    EXPECT_EQ(read(window, 30), "more");
}

// Property: from every boundary to every later position, the boundary found is the first one there.
TEST(Window, FindsTheFirstFrameBoundaryAtOrAfterAnyPosition) {
    std::mt19937 random(11);
    Tail tail;
    Window window;
    std::vector<Position> boundaries{0};
    for (int i = 0; i < 60; ++i) {
        const std::size_t payload_bytes = i == 30 ? 70'000 : random() % 400;
        tail.append(text_frame(std::string(payload_bytes, 'x')));
        boundaries.push_back(tail.end());
        if (random() % 3 == 0)
            for (const Slice& slice : tail.take_unpublished()) window.extend(slice);
    }
    for (const Slice& slice : tail.take_unpublished()) window.extend(slice);

    for (int trial = 0; trial < 5000; ++trial) {
        const Position at = random() % (tail.end() + 1);
        const auto next = std::ranges::lower_bound(boundaries, at);
        const auto before = std::ranges::upper_bound(boundaries, at) - boundaries.begin();
        const Position from = boundaries[random() % static_cast<std::size_t>(before)];
        ASSERT_EQ(window.frame_boundary(from, at), *next) << from << ' ' << at;
    }
}

}  // namespace
}  // namespace globes::log
