// The way of a message out of the server: encode it once, append it to its room log, move each cursor to the end.
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/wire/event.h"
#include "chat/event.h"
#include "net/ws_hub.h"
#include "roomlog/log_writer.h"
#include "roomlog/retained_log.h"
#include "roomlog/slice.h"

namespace globes {
namespace {

/// The range is the size of `msg`.
void encode_and_append(benchmark::State& state) {
    const chat::Event event{.kind = chat::EventKind::send,
                            .room = 2,
                            .seq = 17,
                            .name = "my-username",
                            .color = "red",
                            .text = std::string(static_cast<std::size_t>(state.range(0)), 'x'),
                            .client_id = {},
                            .time = 1'607'030'634'421'318};
    const api::FrameEncoder encoder;
    roomlog::LogWriter writer;
    for (auto _ : state) {
        std::string frame;
        encoder.append_frame(frame, event);
        benchmark::DoNotOptimize(writer.append(frame));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_and_append)->Arg(20)->Arg(200)->Arg(4096);

/// The gathering of the bytes for one send, without the send. The range is the backlog in slices.
void find_what_to_send(benchmark::State& state) {
    const auto slices = static_cast<std::size_t>(state.range(0));
    roomlog::RetainedLog retained;
    for (std::size_t i = 0; i < slices; ++i) {
        roomlog::Slice slice = roomlog::make_slice(std::string(200, 'x'));
        slice.begin = retained.end();
        retained.extend(slice);
    }
    std::array<std::string_view, 16> views;
    for (auto _ : state) {
        benchmark::DoNotOptimize(retained.gather(0, views));
        benchmark::DoNotOptimize(views.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_what_to_send)->Arg(1)->Arg(4)->Arg(16);

struct NullHandler final : net::WsHandler {
    void on_text(net::WsSession&, std::string_view) override {}
    bool on_ping(net::WsSession&) override { return true; }
    void on_other_frame(net::WsSession&) override {}
    void on_closed() override {}
};

/// Sends a frame of 200 bytes to every cursor of a topic, each with its own socket. The range is the number of cursors.
void advance_cursors(benchmark::State& state) {
    constexpr net::TopicId kTopic = 1;
    net::WsHub hub(0, {});
    std::vector<int> peers;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        std::array<int, 2> fds{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds.data()) != 0) std::abort();
        peers.push_back(fds[1]);
        net::WsSession* session =
            hub.adopt(hub.next_id(), FileDescriptor(fds[0]), {}, {}, std::make_unique<NullHandler>());
        hub.subscribe(*session, kTopic, 0);
    }
    std::string frame;
    roomlog::append_frame(frame, roomlog::Opcode::text, std::string(196, 'x'));
    std::array<char, 4096> unread;
    roomlog::LogWriter writer;
    for (auto _ : state) {
        hub.extend(kTopic, writer.append(frame));
        while (hub.fan_out() == std::chrono::steady_clock::time_point::min()) {
        }
        hub.end_iteration();
        state.PauseTiming();
        for (const int peer : peers) benchmark::DoNotOptimize(::read(peer, unread.data(), unread.size()));
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    for (const int peer : peers) ::close(peer);
}
BENCHMARK(advance_cursors)->Arg(1)->Arg(100);

}  // namespace
}  // namespace globes
