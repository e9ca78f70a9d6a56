#include "bench/centrifuge.h"

#include <gtest/gtest.h>

using namespace globes::bench;

TEST(Centrifuge, KnowsWhatALineIs) {
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
