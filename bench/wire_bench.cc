// The cost of JSON for each event: parsing it once from its sender, writing it once for the whole room.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "api/wire/event.h"
#include "base/look_alike.h"

namespace globes {
namespace {

std::string client_frame(const std::string& text) {
    return R"({"event_type":"send","name":"my-username","color":"red","msg":")" + text +
           R"(","id":"6e2bd2a6-5d3c-4f5b-9d53-0c3a3f6f9d11"})";
}

chat::Event room_event(std::size_t text_bytes) {
    return {.kind = chat::EventKind::send,
            .room = 2,
            .seq = 17,
            .name = "my-username",
            .color = "red",
            .text = std::string(text_bytes, 'x'),
            .client_id = "6e2bd2a6-5d3c-4f5b-9d53-0c3a3f6f9d11",
            .time = 1'607'030'634'421'318};
}

void parse(benchmark::State& state, const std::string& frame) {
    for (auto _ : state) benchmark::DoNotOptimize(api::parse_client_event(frame));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(frame.size()));
}

/// The range is the size of `msg`.
void parse_event(benchmark::State& state) {
    parse(state, client_frame(std::string(static_cast<std::size_t>(state.range(0)), 'x')));
}
BENCHMARK(parse_event)->Arg(20)->Arg(200)->Arg(4096);

/// Characters of three bytes, as many as the range says.
void parse_wide_event(benchmark::State& state) {
    std::string text;
    for (std::int64_t i = 0; i < state.range(0); ++i) text += "\u20AC";
    parse(state, client_frame(text));
}
BENCHMARK(parse_wide_event)->Arg(20)->Arg(200)->Arg(4096);

/// A frame of the largest size that contains only unknown fields.
void parse_hostile_event(benchmark::State& state) {
    std::string frame = "{";
    while (frame.size() < 65'000) frame += R"("":0,)";
    frame.back() = '}';
    parse(state, frame);
}
BENCHMARK(parse_hostile_event);

/// The range is the size of `msg`.
void encode_event(benchmark::State& state) {
    const chat::Event event = room_event(static_cast<std::size_t>(state.range(0)));
    std::string out;
    for (auto _ : state) {
        out.clear();
        api::append_event_json(out, event);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(encode_event)->Arg(20)->Arg(200)->Arg(4096);

/// The keys of a name that a connection takes.
void make_name_keys(benchmark::State& state, const std::string& name) {
    for (auto _ : state) benchmark::DoNotOptimize(LookAlikeKeys::of(name));
}
BENCHMARK_CAPTURE(make_name_keys, ascii, "my-username");
BENCHMARK_CAPTURE(make_name_keys, cyrillic, "\u0418\u0432\u0430\u043D \u0418\u0432\u0430\u043D\u043E\u0432");
/// Each character has eighteen in NFKC.
BENCHMARK_CAPTURE(make_name_keys, hostile, [] {
    std::string name;
    for (int i = 0; i < 32; ++i) name += "\uFDFA";
    return name;
}());

}  // namespace
}  // namespace globes
