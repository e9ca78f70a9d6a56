#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "bench/client_messages.h"

using globes::bench::find_mark;
using globes::bench::kMarkBytes;
using globes::bench::Mark;
using globes::bench::write_mark;
using namespace globes::bench;

namespace {

std::string text_of(const Mark& mark) {
    std::string text(kMarkBytes, '\0');
    write_mark(text.data(), mark);
    return text;
}

const Mark kSome{.sender = 17, .n = 4'000'000'001, .sent_ns = 1'234'567'890'123'456'789};

}  // namespace

TEST(Mark, IsFoundInsideAnEvent) {
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

TEST(Mark, IsAbsentInOtherEvents) {
    std::size_t hint = 0;
    EXPECT_FALSE(find_mark(R"({"event_type":"join","name":"guest","msg":"guest entered the room."})", hint));
    EXPECT_FALSE(find_mark("", hint));
}

TEST(Mark, ATruncatedOrDamagedMarkCountsAsAbsent) {
    std::size_t hint = 0;
    const std::string whole = text_of(kSome);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(find_mark(whole.substr(0, size), hint)) << size;
    std::string damaged = whole;
    damaged[10] = 'x';
    EXPECT_FALSE(find_mark(damaged, hint));
}

TEST(Centrifuge, ClassifiesLines) {
    EXPECT_EQ(classify_centrifuge(R"({"push":{"channel":"a","pub":{"data":{"msg":"\"error\":{"}}}})"),
              CentrifugeMessage::push);
    EXPECT_EQ(classify_centrifuge("{}"), CentrifugeMessage::ping);
    EXPECT_EQ(classify_centrifuge(R"({"id":2,"subscribe":{}})"), CentrifugeMessage::subscribed);
    EXPECT_EQ(classify_centrifuge(R"({"id":3,"error":{"code":103,"message":"permission denied"}})"),
              CentrifugeMessage::error);
    EXPECT_EQ(classify_centrifuge(R"({"id":3,"publish":{}})"), CentrifugeMessage::other);
}

TEST(Centrifuge, PublishesDataInAChannel) {
    EXPECT_EQ(centrifuge_publish_head("a") + "{}" + std::string(kCentrifugePublishTail),
              R"({"id":3,"publish":{"channel":"a","data":{}}})");
    EXPECT_EQ(centrifuge_greeting("a"), "{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"a\"}}");
}

namespace {

/// The unmasked payload of a client frame with a 7-bit or 16-bit length.
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

TEST(ClientFrame, ASendEventHasItsMarkAndTheRequestedTextLength) {
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

TEST(ServerFrame, IsReadOnlyWhenComplete) {
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
