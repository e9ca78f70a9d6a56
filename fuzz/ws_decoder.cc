// However a client's bytes are divided into reads, the decoder must report the same, and always follow its contract.
//
// Input: one byte that selects the message limit, one that seeds the reads, then the bytes of the client.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"
#include "net/ws_decoder.h"

namespace {

using namespace globes::net;

constexpr std::size_t kFixedBytes = 256;

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

class Checker final : public WsEvents {
public:
    explicit Checker(std::size_t message_bytes) : message_bytes_(message_bytes) {}

    std::vector<std::string> events;
    bool is_closed = false;

    bool on_text(std::string_view message) override {
        require(message.size() <= message_bytes_, "messages keep the limit");
        require(globes::is_valid_utf8(message), "messages are UTF-8");
        add('t', message);
        return true;
    }
    bool on_ping(std::string_view payload) override { return on_control('i', payload); }
    bool on_pong(std::string_view payload) override { return on_control('o', payload); }
    bool on_fragment() override {
        require(!is_closed, "nothing follows a close frame");
        return true;
    }
    void on_close(CloseCode code, std::string_view reason) override {
        require(code == kCloseNoStatus || is_wire_close_code(code), "close codes are valid");
        require(reason.size() <= kMaxCloseReasonBytes && globes::is_valid_utf8(reason), "reasons are short UTF-8");
        add('c', std::to_string(code) + ' ' + std::string(reason));
        is_closed = true;
    }

private:
    bool on_control(char kind, std::string_view payload) {
        require(payload.size() <= 125, "control frames are short");
        add(kind, payload);
        return true;
    }
    void add(char kind, std::string_view payload) {
        require(!is_closed, "nothing follows a close frame");
        events.push_back(kind + std::string(payload));
    }

    const std::size_t message_bytes_;
};

struct Outcome {
    std::vector<std::string> events;
    std::optional<CloseCode> failure;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// `next_size` gives the size of each read, at least 1.
template <class NextSize>
Outcome decode(std::span<const char> stream, std::size_t message_bytes, NextSize next_size) {
    WsDecoder decoder({.message_bytes = message_bytes});
    Checker checker(message_bytes);
    std::optional<CloseCode> failure;
    std::size_t fed = 0;
    while (fed < stream.size()) {
        const auto piece = stream.subspan(fed, std::min<std::size_t>(next_size(), stream.size() - fed));
        std::vector<char> read(piece.begin(),
                               piece.end());  // With an exact size, so that ASan detects reads beyond it.
        fed += piece.size();
        const auto result = decoder.consume(read, checker);
        require(!(failure && result), "a connection fails once");
        if (result) failure = result;
        const std::size_t held = decoder.buffered_bytes();
        require(held <= kFixedBytes + std::min(2 * fed, message_bytes), "memory keeps its bound");
        if (failure || checker.is_closed) require(held == 0, "a stopped decoder holds nothing");
    }
    return {checker.events, failure};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t message_bytes = data[0] == 0 ? WsLimits{}.message_bytes : data[0];
    std::minstd_rand random(data[1] + 1u);
    const std::span stream(reinterpret_cast<const char*>(data) + 2, size - 2);

    const Outcome whole = decode(stream, message_bytes, [&] { return stream.size(); });
    require(decode(stream, message_bytes, [] { return 1u; }) == whole, "single bytes give the same");
    for (const std::uint_fast32_t largest : {8u, 300u})
        require(decode(stream, message_bytes, [&] { return 1 + random() % largest; }) == whole,
                "any cut gives the same");
    return 0;
}
