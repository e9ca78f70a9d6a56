#include "roomlog/slice.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace globes::roomlog {
namespace {

using namespace std::string_literals;

std::string frame_of(Opcode opcode, std::string_view payload) {
    std::string frame;
    append_frame(frame, opcode, payload);
    return frame;
}

TEST(Frame, HeaderIsFinalUnmaskedAndMinimal) {
    // Payload bytes and the header of RFC 6455, 5.2.
    const std::vector<std::pair<std::size_t, std::string>> cases = {
        {0, "\x81\x00"s},
        {1, "\x81\x01"s},
        {125, "\x81\x7D"s},
        {126, "\x81\x7E\x00\x7E"s},
        {127, "\x81\x7E\x00\x7F"s},
        {0x1234, "\x81\x7E\x12\x34"s},
        {0xFFFF, "\x81\x7E\xFF\xFF"s},
        {0x10000, "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s},
    };
    for (const auto& [payload_bytes, header] : cases) {
        const std::string payload(payload_bytes, 'x');
        EXPECT_EQ(frame_of(Opcode::text, payload), header + payload) << payload_bytes;
    }
}

TEST(Frame, FirstByteNamesTheOpcode) {
    EXPECT_EQ(frame_of(Opcode::continuation, ""), "\x80\x00"s);
    EXPECT_EQ(frame_of(Opcode::text, ""), "\x81\x00"s);
    EXPECT_EQ(frame_of(Opcode::binary, ""), "\x82\x00"s);
    EXPECT_EQ(frame_of(Opcode::close, "\x03\xE8"), "\x88\x02\x03\xE8"s);
    EXPECT_EQ(frame_of(Opcode::ping, "hi"), "\x89\x02hi"s);
    EXPECT_EQ(frame_of(Opcode::pong, "hi"), "\x8A\x02hi"s);
}

TEST(Frame, AppendsToExistingBytes) {
    std::string frames = "before";
    append_frame(frames, Opcode::text, "a");
    append_frame(frames, Opcode::text, "b");
    EXPECT_EQ(frames,
              "before\x81\x01"
              "a\x81\x01"
              "b");
}

TEST(Frame, SizeIsThatOfTheFirstFrameWhateverFollows) {
    for (const std::size_t payload_bytes : {0U, 1U, 125U, 126U, 0xFFFFU, 0x10000U}) {
        const std::string frame = frame_of(Opcode::text, std::string(payload_bytes, 'x'));
        EXPECT_EQ(frame_size(frame), frame.size()) << payload_bytes;
        EXPECT_EQ(frame_size(frame + frame_of(Opcode::ping, "p")), frame.size()) << payload_bytes;
    }
}

TEST(Frame, SizeIsKnownWhenTheHeaderIsComplete) {
    const std::vector<std::pair<std::size_t, std::size_t>> cases = {{5, 2}, {300, 4}, {70'000, 10}};
    for (const auto& [payload_bytes, header_bytes] : cases) {
        const std::string frame = frame_of(Opcode::text, std::string(payload_bytes, 'x'));
        for (std::size_t cut = 0; cut < header_bytes; ++cut) EXPECT_EQ(frame_size(frame.substr(0, cut)), 0U) << cut;
        EXPECT_EQ(frame_size(frame.substr(0, header_bytes)), header_bytes + payload_bytes);
    }
}

}  // namespace
}  // namespace globes::roomlog
