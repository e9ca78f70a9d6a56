#include "net/http_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace globes::net {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr HttpLimits kLimits;

std::optional<HttpReader::Outcome> read_once(std::string_view bytes, const HttpLimits& limits = kLimits) {
    HttpReader reader(limits);
    return reader.consume(bytes);
}

/// Parses `bytes`, which must be a complete request.
HttpRequest read(std::string_view bytes, const HttpLimits& limits = kLimits) {
    auto outcome = read_once(bytes, limits);
    if (!outcome || !*outcome) {
        ADD_FAILURE() << (outcome ? "refused: " : "incomplete: ") << bytes;
        return {};
    }
    return std::move(**outcome);
}

/// The status that refuses `bytes`; 0 if they are accepted.
int refusal(std::string_view bytes, const HttpLimits& limits = kLimits) {
    const auto outcome = read_once(bytes, limits);
    return outcome && !*outcome ? outcome->error().status : 0;
}

/// The result of `stream` in reads of `size` bytes: methods, targets and bodies, and the status of a refusal.
std::vector<std::string> read_in_pieces(std::string_view stream, std::size_t size) {
    HttpReader reader(kLimits);
    std::vector<std::string> read;
    while (!stream.empty()) {
        auto outcome = reader.consume(stream.substr(0, size));
        stream.remove_prefix(std::min(size, stream.size()));
        for (; outcome; outcome = reader.consume({})) {
            if (!*outcome) {
                read.push_back(std::to_string(outcome->error().status));
                return read;
            }
            read.push_back((*outcome)->method + ' ' + (*outcome)->target + ' ' + (*outcome)->body);
        }
    }
    return read;
}

TEST(HttpReader, ReadsARequest) {
    const HttpRequest request = read(
        "PUT /chats/2?x=%20 HTTP/1.1\r\nHost: globes.test\r\nX-Two:  a b \t\r\nx-two: c\r\nContent-Length: "
        "5\r\n\r\nhello");
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.target, "/chats/2?x=%20");
    EXPECT_THAT(request.headers, ElementsAre(Pair("host", "globes.test"), Pair("x-two", "a b"), Pair("x-two", "c"),
                                             Pair("content-length", "5")));
    EXPECT_EQ(request.body, "hello");
    EXPECT_EQ(request.minor_version, 1);
    EXPECT_TRUE(request.keep_alive);
}

TEST(HttpReader, AcceptsAnyMethodThatIsAToken) {
    EXPECT_EQ(read("PURGE-all / HTTP/1.1\r\nHost: x\r\n\r\n").method, "PURGE-all");
}

TEST(HttpReader, TellsWhetherTheConnectionIsKeptOpen) {
    EXPECT_TRUE(read("GET / HTTP/1.1\r\nHost: x\r\n\r\n").keep_alive);
    EXPECT_FALSE(read("GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n").keep_alive);
    EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n").keep_alive);
    EXPECT_TRUE(read("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
    EXPECT_FALSE(
        read("GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, x\r\nConnection: y,close\r\n\r\n").keep_alive);
    EXPECT_FALSE(read("GET / HTTP/1.1\r\nHost: x\r\nProxy-Connection: close\r\n\r\n").keep_alive);
}

TEST(HttpReader, ReadsChunksAndDropsTrailers) {
    const HttpRequest request = read(
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;a=\"b\"\r\nabc\r\n2\r\n\r\n\r\n0\r\nAuthorization: Bearer forged\r\n\r\n");
    EXPECT_EQ(request.body, "abc\r\n");
    EXPECT_EQ(request.header("authorization"), "");
}

TEST(HttpReader, TheResultIsTheSameHoweverTheBytesAreSplit) {
    const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
    const std::vector<std::string> ends = {
        "",
        "GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\nX: y\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\n" + chunked + "2;bad ext\r\n{}\r\nfffff\r\n",
        "GET /" + std::string(9000, 'x') + "\n",
    };
    for (const std::string& end : ends) {
        const std::string stream =
            "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
            "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
            "\r\nPOST /3 HTTP/1.1\r\nHost: x\r\n" +
            chunked + "3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET /4 HTTP/1.1\r\nHost: x\r\n\r\n" + end;
        const auto whole = read_in_pieces(stream, stream.size());
        ASSERT_EQ(whole.size(), end.empty() ? 4u : 5u);
        EXPECT_THAT(std::vector(whole.begin(), whole.begin() + 4),
                    ElementsAre("GET /1 ", "POST /2 abc", "POST /3 abc0123456789", "GET /4 "));
        for (const std::size_t size : {1u, 2u, 3u, 7u, 50u}) EXPECT_EQ(read_in_pieces(stream, size), whole) << size;
    }
}

TEST(HttpReader, AnEmptyChunkedBodyMayArriveInPieces) {
    const std::string stream = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n";
    for (std::size_t size = 1; size <= stream.size(); ++size)
        EXPECT_THAT(read_in_pieces(stream, size), ElementsAre("POST / ")) << size;
}

TEST(HttpReader, KeepsTheBytesAfterARequest) {
    HttpReader reader(kLimits);
    ASSERT_TRUE(reader.consume("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n\x81\x85more"));
    EXPECT_TRUE(reader.is_idle());
    EXPECT_EQ(reader.take_unread(), "\x81\x85more");
    EXPECT_EQ(reader.take_unread(), "");
}

TEST(HttpReader, ReadsManyPipelinedRequests) {
    HttpReader reader(kLimits);
    std::string stream;
    for (int i = 0; i < 1000; ++i) stream += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    auto outcome = reader.consume(stream);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(outcome && *outcome) << i;
        ASSERT_EQ((*outcome)->target, "/" + std::to_string(i));
        outcome = reader.consume({});
    }
    EXPECT_FALSE(outcome);
    EXPECT_TRUE(reader.is_idle());
}

TEST(HttpReader, ReportsItsState) {
    HttpReader reader(kLimits);
    EXPECT_TRUE(reader.is_idle());
    EXPECT_FALSE(reader.consume("\r\n"));
    EXPECT_TRUE(reader.is_idle()) << "an empty line does not start a request";
    EXPECT_FALSE(reader.consume("POST / HTTP/1.1\r\n"));
    EXPECT_FALSE(reader.is_idle());
    EXPECT_FALSE(reader.is_in_body());
    EXPECT_FALSE(reader.consume("Host: x\r\nContent-Length: 1\r\n\r\n"));
    EXPECT_TRUE(reader.is_in_body());
    EXPECT_TRUE(reader.consume("x"));
    EXPECT_TRUE(reader.is_idle());
    EXPECT_FALSE(reader.is_in_body());
}

TEST(HttpReader, AsksForContinueOnceAndOnlyBeforeTheBody) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n";
    HttpReader waiting(kLimits);
    EXPECT_FALSE(waiting.consume(head));
    EXPECT_FALSE(waiting.take_continue());
    EXPECT_FALSE(waiting.consume("Content-Length: 2\r\n\r\n"));
    EXPECT_TRUE(waiting.take_continue());
    EXPECT_FALSE(waiting.take_continue());

    HttpReader begun(kLimits);
    EXPECT_FALSE(begun.consume(head + "Content-Length: 2\r\n\r\n{"));
    EXPECT_FALSE(begun.take_continue());

    HttpReader chunked(kLimits);
    EXPECT_FALSE(chunked.consume(head + "Transfer-Encoding: chunked\r\n\r\n"));
    EXPECT_TRUE(chunked.take_continue());

    HttpReader chunk_begun(kLimits);
    EXPECT_FALSE(chunk_begun.consume(head + "Transfer-Encoding: chunked\r\n\r\n2\r\n"));
    EXPECT_FALSE(chunk_begun.take_continue());

    HttpReader old(kLimits);
    EXPECT_FALSE(old.consume("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    EXPECT_FALSE(old.take_continue());
}

TEST(HttpReader, HeadsUpToTheLimitAreAccepted) {
    const std::string begin = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
    const std::string padding(kLimits.head_bytes - begin.size() - 4, 'p');
    read(begin + padding + "\r\n\r\n");
    EXPECT_EQ(refusal(begin + padding + "p\r\n\r\n"), 431);
    EXPECT_EQ(refusal("GET /" + std::string(kLimits.head_bytes, 'x')), 414);
}

TEST(HttpReader, BodiesUpToTheLimitAreAccepted) {
    const std::string most(kLimits.body_bytes, 'b');
    const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
    EXPECT_EQ(read(post + "Content-Length: 65536\r\n\r\n" + most).body, most);
    EXPECT_EQ(refusal(post + "Content-Length: 65537\r\n\r\n"), 413) << "before any of its bytes arrived";
    EXPECT_EQ(read(post + "Transfer-Encoding: chunked\r\n\r\n10000\r\n" + most + "\r\n0\r\n\r\n").body, most);
    EXPECT_EQ(refusal(post + "Transfer-Encoding: chunked\r\n\r\n10000\r\n" + most + "\r\n1\r\n"), 413);
    const HttpLimits large{.body_bytes = std::size_t{3} << 20};
    const std::string three_mib(large.body_bytes, 'b');
    EXPECT_EQ(read(post + "Content-Length: 3145728\r\n\r\n" + three_mib, large).body, three_mib);
}

TEST(HttpReader, AcceptsABodyOfManyTinyChunks) {
    std::string stream = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t i = 0; i < kLimits.body_bytes; ++i) stream += "1\r\nx\r\n";
    EXPECT_EQ(read(stream + "0\r\n\r\n").body, std::string(kLimits.body_bytes, 'x'));
}

TEST(HttpReader, SplitsAnAbsoluteTargetIntoHostAndPath) {
    const HttpRequest request = read("GET http://real:5000/chats?x=y HTTP/1.1\r\nHost: other\r\nA: b\r\n\r\n");
    EXPECT_EQ(request.target, "/chats?x=y");
    EXPECT_THAT(request.headers, ElementsAre(Pair("a", "b"), Pair("host", "real:5000")));
    EXPECT_EQ(read("GET http://real HTTP/1.1\r\nHost: x\r\n\r\n").target, "/");
    EXPECT_EQ(read("GET HTTPS://real?q HTTP/1.1\r\nHost: x\r\n\r\n").target, "/?q");
    EXPECT_EQ(read("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").target, "*");
}

TEST(HttpReader, KeepsTheHeadOfARequestThatIsRefusedForItsBody) {
    HttpReader large(kLimits);
    EXPECT_TRUE(large.consume("HEAD /x HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n"));
    EXPECT_EQ(large.take_refused().method, "HEAD");
    HttpReader invalid(kLimits);
    EXPECT_TRUE(invalid.consume("HEAD /x HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(invalid.take_refused().method, "") << "the head is invalid";
}

TEST(HttpReader, IgnoresUpgradeInHttp10) {
    EXPECT_EQ(read("GET / HTTP/1.0\r\nUpgrade: websocket\r\n\r\n").header("upgrade"), "");
    EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n").header("upgrade"), "websocket");
}

}  // namespace
}  // namespace globes::net
