// However a client's bytes are divided into reads, the requests must be the same, and an accepted request must be
// unambiguous: another parser (Boost.Beast) reads the same bytes as the same request with the same end, and so does our
// own if the request is written again with the simplest framing.
//
// Input: one byte that seeds the reads, then the bytes of the client.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "net/http_reader.h"
#include "net/router.h"

namespace {

using namespace globes::net;

// Small limits, so that inputs reach them.
constexpr HttpLimits kLimits{.head_bytes = 512, .body_bytes = 256, .chunk_line_bytes = 32};

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Outcome {
    std::vector<HttpRequest> requests;
    std::optional<int> refusal;
    std::size_t unread = 0;
    bool idle = true;
};

bool same_request(const HttpRequest& a, const HttpRequest& b) {
    return a.method == b.method && a.target == b.target && a.headers == b.headers && a.body == b.body &&
           a.keep_alive == b.keep_alive && a.minor_version == b.minor_version;
}

bool same(const Outcome& a, const Outcome& b) {
    return a.refusal == b.refusal && a.unread == b.unread && a.idle == b.idle &&
           std::ranges::equal(a.requests, b.requests, same_request);
}

/// `next_size` gives the size of each read, at least 1.
template <class NextSize>
Outcome read(std::string_view stream, NextSize next_size) {
    HttpReader reader(kLimits);
    Outcome all;
    while (!stream.empty()) {
        const std::string_view piece = stream.substr(0, next_size());
        stream.remove_prefix(piece.size());
        const std::vector<char> bytes(piece.begin(),
                                      piece.end());  // With an exact size, so that ASan detects reads beyond it.
        for (auto outcome = reader.consume({bytes.data(), bytes.size()}); outcome; outcome = reader.consume({})) {
            if (!*outcome) {
                all.refusal = outcome->error().status;
                return all;
            }
            all.requests.push_back(std::move(**outcome));
        }
    }
    all.idle = reader.is_idle();
    all.unread = reader.take_unread().size();
    return all;
}

std::size_t count(const HttpRequest& request, std::string_view name) {
    return static_cast<std::size_t>(
        std::ranges::count(request.headers, name, [](const auto& header) { return std::string_view(header.first); }));
}

void check_framing(const HttpRequest& request) {
    const std::size_t lengths = count(request, "content-length");
    const std::size_t codings = count(request, "transfer-encoding");
    require(lengths + codings <= 1, "one framing at most");
    require(lengths == 0 || std::stoull(std::string(request.header("content-length"))) == request.body.size(),
            "the length is the body's");
    require(codings == 0 || request.minor_version == 1, "HTTP/1.0 knows no codings");
    require(lengths + codings == 1 || request.body.empty(), "a body has a framing");
    require(request.body.size() <= kLimits.body_bytes, "bodies keep the limit");
    require(count(request, "host") == 1 || request.minor_version == 0, "there is one host");
}

void check_text(const HttpRequest& request) {
    require(is_http_token(request.method), "methods are tokens");
    require(request.target.starts_with('/') || request.target == "*", "targets are paths");
    require(std::ranges::none_of(request.target, is_control) && !request.target.contains(' '), "targets are one word");
    for (const auto& [name, value] : request.headers) {
        require(is_http_token(name), "header names are tokens");
        require(std::ranges::none_of(value, is_control), "header values are one line");
        require(globes::trim_blanks(value) == value, "header values are trimmed");
    }
}

/// The request as a proxy would forward it.
std::string write_again(const HttpRequest& request) {
    std::string bytes =
        request.method + ' ' + request.target + " HTTP/1." + std::to_string(request.minor_version) + "\r\n";
    for (const auto& [name, value] : request.headers)
        if (name != "transfer-encoding" && name != "content-length") bytes += name + ": " + value + "\r\n";
    if (!request.body.empty()) bytes += "content-length: " + std::to_string(request.body.size()) + "\r\n";
    return bytes + "\r\n" + request.body;
}

void check_meaning(const HttpRequest& request) {
    HttpLimits limits = kLimits;
    limits.head_bytes += 128;  // for the added length and blanks
    HttpReader reader(limits);
    const auto again = reader.consume(write_again(request));
    require(again && *again, "what was read can be read again");
    require((*again)->method == request.method && (*again)->target == request.target && (*again)->body == request.body,
            "and is the same");
    require(reader.take_unread().empty(), "and nothing else");
}

/// `stream`: the bytes from which `requests` were read.
void check_with_beast(std::string_view stream, const std::vector<HttpRequest>& requests) {
    namespace http = boost::beast::http;
    for (const HttpRequest& request : requests) {
        if (stream.starts_with("\r\n")) stream.remove_prefix(2);
        http::request_parser<http::string_body> parser;
        parser.eager(true);
        boost::system::error_code error;
        stream.remove_prefix(parser.put(boost::asio::buffer(stream), error));
        require(!error && parser.is_done(), "Beast accepts what was accepted");
        const auto& message = parser.get();
        require(message.method_string() == request.method && message.body() == request.body, "and reads the same");
        require(message.target() == request.target || !message.target().starts_with('/'), "with the same target");
        require(parser.keep_alive() == request.keep_alive, "and the same end of the connection");
        for (const auto& [name, value] : request.headers)
            require(name == "host" || message[name] == request.header(name), "and the same headers");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    std::minstd_rand random(data[0] + 1u);
    const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);

    const Outcome whole = read(stream, [&] { return stream.size(); });
    require(same(read(stream, [] { return 1u; }), whole), "single bytes give the same");
    for (const std::uint_fast32_t largest : {8u, 100u})
        require(same(read(stream, [&] { return 1 + random() % largest; }), whole), "any cut gives the same");

    check_with_beast(stream, whole.requests);
    Router router;
    router.add("GET", "/chats/{room}/ws", [](const auto&, const auto&) {});
    for (const HttpRequest& request : whole.requests) {
        check_framing(request);
        check_text(request);
        check_meaning(request);
        (void)router.match(request.method, request.target);
        (void)query_parameter(request.target, "after");
    }
    return 0;
}
