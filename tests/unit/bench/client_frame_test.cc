#include "bench/client_frame.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "bench/mark.h"

using namespace globes::bench;

namespace {

/// The payload of a client's frame with a 7-bit or 16-bit length, as a server unmasks it.
std::string unmask(std::string_view frame) {
    const std::size_t header = (static_cast<std::uint8_t>(frame[1]) & 0x7f) == 126 ? 4 : 2;
    std::string payload(frame.substr(header + 4));
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ frame[header + i % 4]);
    return payload;
}

}  // namespace

TEST(ClientFrame, IsMaskedAndUnmasksToItsPayload) {
    std::string frame;
    append_client_frame(frame, kText, "hello");
    EXPECT_EQ(static_cast<std::uint8_t>(frame[0]), 0x81);
    EXPECT_EQ(static_cast<std::uint8_t>(frame[1]), 0x85);
    EXPECT_EQ(frame.find("hello"), std::string::npos);
    EXPECT_EQ(unmask(frame), "hello");
}

TEST(ClientFrame, LongPayloadsHaveA16BitLength) {
    std::string frame;
    append_client_frame(frame, kText, std::string(300, 'x'));
    EXPECT_EQ(frame.substr(0, 4), std::string("\x81\xfe\x01\x2c", 4));
    EXPECT_EQ(unmask(frame), std::string(300, 'x'));
}

TEST(ClientFrame, ASendEventCarriesItsMarkAndTheAskedTextLength) {
    SendEvent event(3, "bench-3", 64);
    std::string frame;
    event.append(frame, 1, 10);
    frame.clear();
    event.append(frame, 2, 20);
    const std::string json = unmask(frame);
    EXPECT_TRUE(json.starts_with(R"({"event_type":"send","name":"bench-3","msg":"#bench )")) << json;
    const std::string rest = R"({"event_type":"send","name":"bench-3","msg":"","id":""})" + message_id(3, 2);
    EXPECT_EQ(json.size(), rest.size() + 64);
    EXPECT_TRUE(json.ends_with(R"(","id":")" + message_id(3, 2) + R"("})")) << json;
    std::size_t hint = 0;
    EXPECT_EQ(find_mark(json, hint), (Mark{.sender = 3, .n = 2, .sent_ns = 20}));
}

TEST(ClientFrame, NoTwoMessagesHaveTheSameId) {
    std::set<std::string> ids;
    for (std::uint32_t sender = 0; sender < 30; ++sender)
        for (std::uint32_t n = 1; n <= 30; ++n) ids.insert(message_id(sender, n));
    EXPECT_EQ(ids.size(), 900);
    for (const std::string& id : ids) EXPECT_EQ(id.size(), 32);
}

TEST(ServerFrame, IsReadOnlyWhenWhole) {
    const std::string frame = std::string("\x81\x7e\x00\x80", 4) + std::string(128, 'y');
    for (std::size_t size = 0; size < frame.size(); ++size) {
        EXPECT_FALSE(read_server_frame(std::string_view(frame).substr(0, size))) << size;
    }
    const std::string more = frame + "next";
    const auto read = read_server_frame(more);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->is_valid);
    EXPECT_EQ(read->opcode, kText);
    EXPECT_EQ(read->payload, std::string(128, 'y'));
    EXPECT_EQ(read->size, frame.size());
}

TEST(ServerFrame, MaskedFragmentedAndReservedOnesAreInvalid) {
    for (const std::string_view frame : {std::string_view("\x81\x80", 2), std::string_view("\x01\x00", 2),
                                         std::string_view("\x80\x00", 2), std::string_view("\xc1\x00", 2)}) {
        const auto read = read_server_frame(frame);
        ASSERT_TRUE(read);
        EXPECT_FALSE(read->is_valid);
    }
}
