#include "bench/centrifuge.h"

#include <fmt/format.h>

namespace globes::bench {

CentrifugeMessage classify_centrifuge(std::string_view line) {
    if (line.starts_with(R"({"push":)")) return CentrifugeMessage::push;
    if (line == "{}") return CentrifugeMessage::ping;
    if (line.find(R"("error":{)") != std::string_view::npos) return CentrifugeMessage::error;
    return line.find(R"("subscribe":{)") != std::string_view::npos ? CentrifugeMessage::subscribed
                                                                   : CentrifugeMessage::other;
}

std::string centrifuge_greeting(std::string_view channel) {
    return fmt::format("{{\"id\":1,\"connect\":{{}}}}\n{{\"id\":2,\"subscribe\":{{\"channel\":\"{}\"}}}}", channel);
}

std::string centrifuge_publish_head(std::string_view channel) {
    return fmt::format(R"({{"id":3,"publish":{{"channel":"{}","data":)", channel);
}

}  // namespace globes::bench
