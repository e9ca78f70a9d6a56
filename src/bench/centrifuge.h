// The JSON protocol of centrifuge and Centrifugo: several objects in a frame, one on each line. Only the part that a
// chat needs; texts in, texts out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace globes::bench {

enum class CentrifugeMessage : std::uint8_t { push, subscribed, ping, error, other };

/// The kind of one line of a frame.
CentrifugeMessage classify_centrifuge(std::string_view line);

/// The first frame of a connection: connects and subscribes.
std::string centrifuge_greeting(std::string_view channel);
/// The text before and after the data of a message.
std::string centrifuge_publish_head(std::string_view channel);
constexpr std::string_view kCentrifugePublishTail = "}}";
constexpr std::string_view kCentrifugePong = "{}";

}  // namespace globes::bench
