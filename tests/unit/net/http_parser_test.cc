// Which requests are refused, rule by rule. Whole requests, and the same requests cut anywhere: http_reader_test.cc.
#include "net/http_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace globes::net {
namespace {

constexpr HttpLimits kLimits;

/// How many bytes were taken, or the refusal.
using Parsed = std::expected<std::size_t, HttpRefusal>;
const Parsed kBad = std::unexpected(HttpRefusal{400});

Parsed parse_head(HeadParser& parser, std::string_view bytes) {
    std::string_view rest = bytes;
    const auto parsed = parser.parse(rest);
    if (!parsed) return std::unexpected(parsed.error());
    return bytes.size() - rest.size();
}

Parsed parse_head(std::string_view head, const HttpLimits& limits = kLimits) {
    HeadParser parser(limits);
    const auto parsed = parse_head(parser, head);
    if (parsed) {
        EXPECT_TRUE(parser.is_complete()) << head;
    }
    return parsed;
}

/// A GET whose headers are Host and `lines`.
Parsed parse_lines(const std::string& lines) { return parse_head("GET / HTTP/1.1\r\nHost: x\r\n" + lines + "\r\n"); }

Parsed parse_request_line(const std::string& line) { return parse_head(line + "\r\nHost: x\r\n\r\n"); }

Parsed parse_chunks(std::string_view bytes, const HttpLimits& limits = kLimits) {
    ChunkParser parser(limits);
    std::string_view rest = bytes;
    std::string body;
    const auto parsed = parser.parse(rest, body);
    if (!parsed) return std::unexpected(parsed.error());
    EXPECT_TRUE(parser.is_complete()) << bytes;
    return bytes.size() - rest.size();
}

TEST(HeadParser, EndsAtTheEmptyLine) {
    const std::string head = "GET /chats HTTP/1.1\r\nHost: x\r\nAccept:*/*\r\n\r\n";
    EXPECT_EQ(parse_head(head), head.size());
    EXPECT_EQ(parse_head(head + "GET"), head.size());
}

TEST(HeadParser, PassesOverOneEmptyLineInFront) {
    HeadParser parser(kLimits);
    ASSERT_EQ(parse_head(parser, "\r\n"), 2u);
    EXPECT_FALSE(parser.has_begun());
    ASSERT_TRUE(parse_head(parser, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(parser.is_complete());
    EXPECT_EQ(parse_head("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), kBad);
}

TEST(HeadParser, RefusesInvalidRequestLines) {
    for (const auto* line : {"GET",
                             "GET /",
                             "GET / ",
                             " GET / HTTP/1.1",
                             "GET  / HTTP/1.1",
                             "GET /  HTTP/1.1",
                             "GET / HTTP/1.1 ",
                             "GET / x HTTP/1.1",
                             "GET\t/ HTTP/1.1",
                             "GET /\t HTTP/1.1",
                             "G(T / HTTP/1.1",
                             "GET / HTTP/2.0",
                             "GET / HTTP/1.2",
                             "GET / HTTP/0.9",
                             "GET / HTTP/11.1",
                             "GET / http/1.1",
                             "GET / HTTP/1.1x",
                             "GET x HTTP/1.1",
                             "GET * HTTP/1.1",
                             "GET ftp://x/ HTTP/1.1",
                             "GET http:// HTTP/1.1",
                             "GET http://a@b/ HTTP/1.1",
                             "CONNECT x:80 HTTP/1.1",
                             "SSH-2.0-OpenSSH_9.2"})
        EXPECT_EQ(parse_request_line(line), kBad) << line;
}

TEST(HeadParser, TakesEveryFormOfTarget) {
    for (const auto* line :
         {"GET / HTTP/1.1", "GET /a%2Fb?c=d HTTP/1.0", "GET http://x/y HTTP/1.1", "GET HTTPS://x:5000?y HTTP/1.1",
          "OPTIONS * HTTP/1.1", "GET /\xC3\xA9 HTTP/1.1", "anything /x HTTP/1.1"})
        EXPECT_TRUE(parse_request_line(line)) << line;
}

TEST(HeadParser, RefusesLineEndsOtherThanCrLf) {
    EXPECT_EQ(parse_head("GET / HTTP/1.1\n"), kBad);
    EXPECT_EQ(parse_head("GET / HTTP/1.1\r\nHost: x\n"), kBad);
    EXPECT_EQ(parse_head("GET / HTTP/1.1\r\nHost: x\r\n\n"), kBad);
    EXPECT_EQ(parse_head("GET / HTTP/1.1\r\nHost: x\rX"), kBad);
    EXPECT_EQ(parse_head("GET / HTTP/1.1\r\nHost: x\r\r"), kBad);
    EXPECT_EQ(parse_head("GET /\rx"), kBad);
}

TEST(HeadParser, RefusesControlCharacters) {
    for (int c = 0; c <= 0x7F; ++c) {
        if ((c >= 0x20 && c < 0x7F) || c == '\t') continue;
        const std::string character(1, static_cast<char>(c));
        EXPECT_EQ(parse_lines("X: a" + character + "b\r\n"), kBad) << c;
        EXPECT_EQ(parse_lines("X" + character + ": a\r\n"), kBad) << c;
        EXPECT_EQ(parse_request_line("GET /" + character + " HTTP/1.1"), kBad) << c;
    }
    EXPECT_TRUE(parse_lines("X: a\tb\xC3\xA9\xFF\r\n"));
}

TEST(HeadParser, RefusesInvalidHeaders) {
    for (const auto* line : {"nonsense", ": value", " X: folded", "\tX: folded", "X : y", "X\t: y", "X Y: z", "X(: y"})
        EXPECT_EQ(parse_lines(std::string(line) + "\r\n"), kBad) << line;
    EXPECT_EQ(parse_lines("X: one\r\n two\r\n"), kBad);
    EXPECT_TRUE(parse_lines("X:\r\nY: \t \r\n"));
}

TEST(HeadParser, WantsOneHost) {
    EXPECT_EQ(parse_head("GET / HTTP/1.1\r\n\r\n"), kBad);
    EXPECT_EQ(parse_lines("hOST: x\r\n"), kBad);
    EXPECT_TRUE(parse_head("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_EQ(parse_head("GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n"), kBad);
    EXPECT_TRUE(parse_head("GET / HTTP/1.1\r\nHost:\r\n\r\n"));
    EXPECT_TRUE(parse_head("GET / HTTP/1.1\r\nHost: [::1]:5000\r\n\r\n"));
    for (const auto* host : {"a b", "a,b", "a/b", "a@b", "a?b", "\xC3\xA9"})
        EXPECT_EQ(parse_head("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), kBad) << host;
}

TEST(HeadParser, TakesOnePlainLength) {
    HeadParser parser(kLimits);
    ASSERT_TRUE(parse_head(parser, "POST / HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: \t0042 \r\n\r\n"));
    EXPECT_EQ(parser.content_length(), 42u);
    EXPECT_FALSE(parser.is_chunked());

    for (const auto* value : {"", "-1", "+2", "0x2", "2, 2", "2,", "2 2", "1.0", "18446744073709551616", "two"})
        EXPECT_EQ(parse_lines("Content-Length: " + std::string(value) + "\r\n"), kBad) << value;
    EXPECT_EQ(parse_lines("Content-Length: 2\r\nContent-Length: 2\r\n"), kBad);
    EXPECT_EQ(parse_lines("Content-Length: 2\r\nContent-Length: 3\r\n"), kBad);
    EXPECT_EQ(parse_lines("Content-Length: 18446744073709551615\r\n"), std::unexpected(HttpRefusal{413}));
}

TEST(HeadParser, TakesChunkedOnceAndNothingElseAsCoding) {
    HeadParser parser(kLimits);
    ASSERT_TRUE(parse_head(parser, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:  Chunked \r\n\r\n"));
    EXPECT_TRUE(parser.is_chunked());

    for (const auto* value : {"", "identity", "xchunked", "chunked, identity", "gzip, chunked", "chunked, chunked",
                              ", chunked", "chunked;q=1", "\"chunked\""})
        EXPECT_EQ(parse_lines("Transfer-Encoding: " + std::string(value) + "\r\n"), kBad) << value;
    EXPECT_EQ(parse_lines("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), kBad);
    EXPECT_EQ(parse_head("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), kBad);
}

TEST(HeadParser, RefusesTwoKindsOfFraming) {
    EXPECT_EQ(parse_lines("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"), kBad);
    EXPECT_EQ(parse_lines("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"), kBad);
    EXPECT_EQ(parse_lines("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), kBad);
}

TEST(HeadParser, WantsAListOfTokensInConnection) {
    for (const auto* value : {"", ",", "close", "keep-alive, Upgrade", " ,close,, x\t,"})
        EXPECT_TRUE(parse_lines("Connection: " + std::string(value) + "\r\n")) << value;
    for (const auto* name : {"Connection", "Proxy-Connection"})
        for (const auto* value : {"\"", "close;x", "keep alive", "close, a b", "\xC3\xA9"})
            EXPECT_EQ(parse_lines(std::string(name) + ": " + value + "\r\n"), kBad) << value;
}

TEST(HeadParser, DetectsExpectContinue) {
    HeadParser waiting(kLimits);
    ASSERT_TRUE(parse_head(waiting, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n\r\n"));
    EXPECT_TRUE(waiting.expects_continue());
    HeadParser other(kLimits);
    ASSERT_TRUE(parse_head(other, "POST / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n"));
    EXPECT_FALSE(other.expects_continue());
}

TEST(HeadParser, TellsALongRequestLineFromLongHeaders) {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_TRUE(parse_head(head, {.head_bytes = head.size()}));
    EXPECT_EQ(parse_head(head, {.head_bytes = head.size() - 1}), std::unexpected(HttpRefusal{431}));
    EXPECT_EQ(parse_head(head, {.head_bytes = 16}), std::unexpected(HttpRefusal{431}));
    EXPECT_EQ(parse_head(head, {.head_bytes = 15}), std::unexpected(HttpRefusal{414}));
    EXPECT_TRUE(parse_head("\r\n" + head, {.head_bytes = head.size()}));
}

TEST(ChunkParser, EndsBehindTheTrailers) {
    for (const std::string body : {"0\r\n\r\n", "2\r\n{}\r\n0\r\n\r\n", "000\r\nX: y\r\nZ:\r\n\r\n",
                                   "1\r\n\r\r\n0\r\n\r\n", "00A\r\n0123456789\r\n0\r\n\r\n"}) {
        EXPECT_EQ(parse_chunks(body), body.size()) << body;
        EXPECT_EQ(parse_chunks(body + "GET"), body.size()) << body;
    }
}

TEST(ChunkParser, RefusesBadSizes) {
    for (const auto* line : {"", "xyz", "-2", "+2", "0x2", " 2", "2 ", "2\t", "2 3", "10000000000000002"})
        EXPECT_EQ(parse_chunks(std::string(line) + "\r\n"), kBad) << line;
}

TEST(ChunkParser, RefusesOtherLineEnds) {
    for (const auto* body : {"2\n", "2\r{", "2\r\n{}\n", "2\r\n{}\rx", "2\r\n{}x", "2\r\n{}\r\n0\n", "0\r\n\n",
                             "0\r\n\r\r", "0\r\nX: y\n", "0\r\nX: y\rz"})
        EXPECT_EQ(parse_chunks(body), kBad) << body;
}

TEST(ChunkParser, TakesWellFormedExtensionsOnly) {
    for (const auto* extension : {";a", ";a=b", " ; a = b", ";a;b=\"c\";d=\"\"", ";a=\"x\\\"y; z\""})
        EXPECT_TRUE(parse_chunks("1" + std::string(extension) + "\r\nx\r\n0" + extension + "\r\n\r\n")) << extension;
    for (const auto* extension : {";", ";;a", ";a=", ";a b", ";a=b c", ";a=\"b", ";a=\"b\"c", ";a=\"b\\", ";a=\"\n\"",
                                  ";a=\"\x01\"", " a", ";a "})
        EXPECT_EQ(parse_chunks("1" + std::string(extension) + "\r\n"), kBad) << extension;
}

TEST(ChunkParser, LimitsItsLines) {
    const std::string most(kLimits.chunk_line_bytes - 2, 'e');
    EXPECT_TRUE(parse_chunks("0;" + most + "\r\n\r\n"));
    EXPECT_EQ(parse_chunks("0;" + most + "e"), kBad);
}

TEST(ChunkParser, LimitsTheBodyAsSoonAsASizeTellsIt) {
    const HttpLimits limits{.body_bytes = 10};
    EXPECT_TRUE(parse_chunks("5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n", limits));
    EXPECT_EQ(parse_chunks("b\r\n", limits), std::unexpected(HttpRefusal{413}));
    EXPECT_EQ(parse_chunks("5\r\n12345\r\n6\r\n", limits), std::unexpected(HttpRefusal{413}));
    EXPECT_EQ(parse_chunks("5\r\n12345\r\nffffffffffffffff\r\n", limits), std::unexpected(HttpRefusal{413}));
}

TEST(ChunkParser, HoldsTrailersToTheRulesOfHeaders) {
    for (const auto* trailer : {"nonsense", ": x", " folded: x", "X : y", "X: a\x01z", "Content-Length: 2",
                                "transfer-encoding: chunked", "Host: x", "Connection: close"})
        EXPECT_EQ(parse_chunks("0\r\n" + std::string(trailer) + "\r\n"), kBad) << trailer;
    EXPECT_EQ(parse_chunks("0\r\nX: " + std::string(kLimits.head_bytes, 'y')), std::unexpected(HttpRefusal{431}));
}

}  // namespace
}  // namespace globes::net
