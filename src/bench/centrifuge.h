// What globes-bench speaks to centrifuge and Centrifugo: their JSON protocol, several objects in a frame, one a line.
// Only what a chat needs; texts in, texts out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace globes::bench {

enum class CentrifugeMessage : std::uint8_t { push, subscribed, ping, error, other };

/// What one line of a frame is.
CentrifugeMessage classify_centrifuge(std::string_view line);

/// Connects and subscribes; the first frame of a connection.
std::string centrifuge_greeting(std::string_view channel);
/// Around the data of a message.
std::string centrifuge_publish_head(std::string_view channel);
constexpr std::string_view kCentrifugePublishTail = "}}";
constexpr std::string_view kCentrifugePong = "{}";

}  // namespace globes::bench
