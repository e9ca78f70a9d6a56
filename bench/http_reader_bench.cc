// The cost of reading one HTTP request, without a socket. The number of iterations is fixed, so that instructions can
// be counted as well: docs/adr/0013-one-http-parser.md.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "net/http_reader.h"

namespace {

using namespace globes::net;

constexpr HttpLimits kLimits;
constexpr int kRequests = 10'000;
constexpr std::string_view kBrowser =
    "Host: chat.example.org\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Cookie: theme=dark; language=en\r\n";

std::string get() {
    return "GET /chats/42/events?limit=50 HTTP/1.1\r\n" + std::string(kBrowser) +
           "Accept: application/json\r\nConnection: keep-alive\r\n\r\n";
}

std::string upgrade() {
    return "GET /chats/42/ws HTTP/1.1\r\n" + std::string(kBrowser) +
           "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nOrigin: https://chat.example.org\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "Sec-WebSocket-Protocol: globes.v1\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
}

std::string post() {
    const std::string body = R"({"event":"send","name":"Ada","data":{"message":")" + std::string(150, 'm') + "\"}}";
    return "POST /chats/42/events HTTP/1.1\r\n" + std::string(kBrowser) +
           "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string post_chunked() {
    const std::string chunk = "64\r\n" + std::string(100, 'm') + "\r\n";
    return "POST /chats/42/events HTTP/1.1\r\n" + std::string(kBrowser) +
           "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n";
}

void read_request(benchmark::State& state, std::string (*request)()) {
    const std::string bytes = request();
    HttpReader reader(kLimits);
    for (auto _ : state) {
        auto outcome = reader.consume(bytes);
        if (!outcome || !*outcome) state.SkipWithError("refused or incomplete");
        benchmark::DoNotOptimize(outcome);
    }
}
BENCHMARK_CAPTURE(read_request, get, get)->Iterations(kRequests);
BENCHMARK_CAPTURE(read_request, upgrade, upgrade)->Iterations(kRequests);
BENCHMARK_CAPTURE(read_request, post, post)->Iterations(kRequests);
BENCHMARK_CAPTURE(read_request, post_chunked, post_chunked)->Iterations(kRequests);

}  // namespace
