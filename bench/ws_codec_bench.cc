// The cost of decoding (unmask, check, decode) and encoding a WebSocket frame, without a socket.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "net/ws_decoder.h"
#include "roomlog/slice.h"

namespace {

using namespace globes;
using namespace globes::net;

constexpr MaskKey kKey{'\x37', '\xFA', '\x21', '\x3D'};

void count_bytes(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

std::string repeat(std::string_view part, std::size_t bytes) {
    std::string text;
    while (text.size() + part.size() <= bytes) text += part;
    return text;
}

void unmask_payload(benchmark::State& state) {
    std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
    for (auto _ : state) {
        unmask(payload, kKey);
        benchmark::DoNotOptimize(payload.data());
        benchmark::ClobberMemory();
    }
    count_bytes(state, payload.size());
}
BENCHMARK(unmask_payload)->Arg(16)->Arg(100)->Arg(1000)->Arg(65536);

void check_utf8(benchmark::State& state, std::string_view part) {
    const std::string text = repeat(part, static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        Utf8Check check;
        benchmark::DoNotOptimize(check.consume(text));
    }
    count_bytes(state, text.size());
}
BENCHMARK_CAPTURE(check_utf8, ascii, "hello, ")->Arg(100)->Arg(65536);
BENCHMARK_CAPTURE(check_utf8, german,
                  "sch\xC3\xB6ne Gr\xC3\xBC\xC3\x9F"
                  "e aus der Ferne ")
    ->Arg(100)
    ->Arg(65536);
BENCHMARK_CAPTURE(check_utf8, cyrillic, "\xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 ")->Arg(100)->Arg(65536);
BENCHMARK_CAPTURE(check_utf8, chinese, "\xE4\xBD\xA0\xE5\xA5\xBD")->Arg(100)->Arg(65536);

struct Ignore final : WsEvents {
    bool on_text(std::string_view message) override {
        benchmark::DoNotOptimize(message.data());
        return true;
    }
    bool on_ping(std::string_view) override { return true; }
    bool on_pong(std::string_view) override { return true; }
    bool on_fragment() override { return true; }
    void on_close(CloseCode, std::string_view) override {}
};

std::string masked_text_frame(std::size_t payload_bytes) {
    std::string payload = repeat("h", payload_bytes);
    std::string frame;
    roomlog::append_frame(frame, roomlog::Opcode::text, payload);
    const std::size_t head_bytes = frame.size() - payload.size();
    frame[1] = static_cast<char>(frame[1] | 0x80);
    unmask(payload, kKey);
    return frame.substr(0, head_bytes) + std::string(kKey.begin(), kKey.end()) + payload;
}

// A read that contains `frames` frames. Decoding unmasks in place, so each iteration starts with a copy, whose cost is
// in the result.
void decode_frames(benchmark::State& state, std::size_t frames, std::size_t pieces) {
    const std::string frame = masked_text_frame(static_cast<std::size_t>(state.range(0)));
    const std::string sent = repeat(frame, frames * frame.size());
    std::vector<char> read(sent.size());
    WsDecoder decoder;
    Ignore events;
    for (auto _ : state) {
        std::memcpy(read.data(), sent.data(), sent.size());
        const std::span<char> bytes(read);
        for (std::size_t piece = 0; piece < pieces; ++piece) {
            const std::size_t from = bytes.size() * piece / pieces;
            const std::size_t to = bytes.size() * (piece + 1) / pieces;
            if (decoder.consume(bytes.subspan(from, to - from), events)) state.SkipWithError("refused");
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(frames));
    count_bytes(state, sent.size());
}
BENCHMARK_CAPTURE(decode_frames, one_a_read, 1, 1)->Arg(20)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(decode_frames, hundred_a_read, 100, 1)->Arg(20)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(decode_frames, one_in_two_reads, 1, 2)->Arg(20)->Arg(100)->Arg(1000);

void append_frame(benchmark::State& state) {
    const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
    std::string out;
    for (auto _ : state) {
        out.clear();
        roomlog::append_frame(out, roomlog::Opcode::text, payload);
        benchmark::DoNotOptimize(out.data());
    }
    count_bytes(state, payload.size());
}
BENCHMARK(append_frame)->Arg(20)->Arg(100)->Arg(1000);

}  // namespace
