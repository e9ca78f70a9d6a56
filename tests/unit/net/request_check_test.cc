// Requests that must not reach the parser, rule by rule. Complete requests, and the same requests split anywhere:
// http_reader_test.cc.
#include "net/request_check.h"

#include <gtest/gtest.h>

#include <string>

namespace globes::net {
namespace {

constexpr HttpLimits kLimits;

using Checked = std::expected<std::size_t, HttpRefusal>;
const Checked kBad = std::unexpected(HttpRefusal{400});

Checked check_head(std::string_view head, const HttpLimits& limits = kLimits) {
    HeadCheck check(limits);
    const auto checked = check.check(head);
    if (checked) {
        EXPECT_TRUE(check.is_complete()) << head;
    }
    return checked;
}

/// A GET whose headers are Host and `lines`.
Checked check_lines(const std::string& lines) { return check_head("GET / HTTP/1.1\r\nHost: x\r\n" + lines + "\r\n"); }

Checked check_request_line(const std::string& line) { return check_head(line + "\r\nHost: x\r\n\r\n"); }

Checked check_chunks(std::string_view body, const HttpLimits& limits = kLimits) {
    ChunkCheck check(limits);
    const auto checked = check.check(body);
    if (checked) {
        EXPECT_TRUE(check.is_complete()) << body;
    }
    return checked;
}

TEST(HeadCheck, EndsAtTheEmptyLine) {
    const std::string head = "GET /chats HTTP/1.1\r\nHost: x\r\nAccept:*/*\r\n\r\n";
    EXPECT_EQ(check_head(head), head.size());
    EXPECT_EQ(check_head(head + "GET"), head.size());
}

TEST(HeadCheck, SkipsOneEmptyLineBeforeTheRequest) {
    HeadCheck check(kLimits);
    ASSERT_EQ(check.check("\r\n"), 2u);
    EXPECT_FALSE(check.has_begun());
    ASSERT_TRUE(check.check("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(check.is_complete());
    EXPECT_EQ(check.begin(), 2u);
    EXPECT_EQ(check_head("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), kBad);
}

TEST(HeadCheck, RefusesInvalidRequestLines) {
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
        EXPECT_EQ(check_request_line(line), kBad) << line;
}

TEST(HeadCheck, AcceptsEveryFormOfTarget) {
    for (const auto* line :
         {"GET / HTTP/1.1", "GET /a%2Fb?c=d HTTP/1.0", "GET http://x/y HTTP/1.1", "GET HTTPS://x:5000?y HTTP/1.1",
          "OPTIONS * HTTP/1.1", "GET /\xC3\xA9 HTTP/1.1", "anything /x HTTP/1.1"})
        EXPECT_TRUE(check_request_line(line)) << line;
}

TEST(HeadCheck, RefusesLineEndsOtherThanCrLf) {
    EXPECT_EQ(check_head("GET / HTTP/1.1\n"), kBad);
    EXPECT_EQ(check_head("GET / HTTP/1.1\r\nHost: x\n"), kBad);
    EXPECT_EQ(check_head("GET / HTTP/1.1\r\nHost: x\r\n\n"), kBad);
    EXPECT_EQ(check_head("GET / HTTP/1.1\r\nHost: x\rX"), kBad);
    EXPECT_EQ(check_head("GET / HTTP/1.1\r\nHost: x\r\r"), kBad);
    EXPECT_EQ(check_head("GET /\rx"), kBad);
}

TEST(HeadCheck, RefusesControlCharacters) {
    for (int c = 0; c <= 0x7F; ++c) {
        if ((c >= 0x20 && c < 0x7F) || c == '\t') continue;
        const std::string character(1, static_cast<char>(c));
        EXPECT_EQ(check_lines("X: a" + character + "b\r\n"), kBad) << c;
        EXPECT_EQ(check_lines("X" + character + ": a\r\n"), kBad) << c;
        EXPECT_EQ(check_request_line("GET /" + character + " HTTP/1.1"), kBad) << c;
    }
    EXPECT_TRUE(check_lines("X: a\tb\xC3\xA9\xFF\r\n"));
}

TEST(HeadCheck, RefusesInvalidHeaders) {
    for (const auto* line : {"nonsense", ": value", " X: folded", "\tX: folded", "X : y", "X\t: y", "X Y: z", "X(: y"})
        EXPECT_EQ(check_lines(std::string(line) + "\r\n"), kBad) << line;
    EXPECT_EQ(check_lines("X: one\r\n two\r\n"), kBad);
    EXPECT_TRUE(check_lines("X:\r\nY: \t \r\n"));
}

TEST(HeadCheck, NeedsExactlyOneHost) {
    EXPECT_EQ(check_head("GET / HTTP/1.1\r\n\r\n"), kBad);
    EXPECT_EQ(check_lines("hOST: x\r\n"), kBad);
    EXPECT_TRUE(check_head("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_EQ(check_head("GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n"), kBad);
    EXPECT_TRUE(check_head("GET / HTTP/1.1\r\nHost:\r\n\r\n"));
    EXPECT_TRUE(check_head("GET / HTTP/1.1\r\nHost: [::1]:5000\r\n\r\n"));
    for (const auto* host : {"a b", "a,b", "a/b", "a@b", "a?b", "\xC3\xA9"})
        EXPECT_EQ(check_head("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), kBad) << host;
}

TEST(HeadCheck, AcceptsOnePlainLength) {
    HeadCheck check(kLimits);
    ASSERT_TRUE(check.check("POST / HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: \t0042 \r\n\r\n"));
    EXPECT_EQ(check.content_length(), 42u);
    EXPECT_FALSE(check.is_chunked());

    for (const auto* value : {"", "-1", "+2", "0x2", "2, 2", "2,", "2 2", "1.0", "18446744073709551616", "two"})
        EXPECT_EQ(check_lines("Content-Length: " + std::string(value) + "\r\n"), kBad) << value;
    EXPECT_EQ(check_lines("Content-Length: 2\r\nContent-Length: 2\r\n"), kBad);
    EXPECT_EQ(check_lines("Content-Length: 2\r\nContent-Length: 3\r\n"), kBad);
    EXPECT_TRUE(check_lines("Content-Length: 18446744073709551615\r\n"));
}

TEST(HeadCheck, AcceptsChunkedOnceAndNoOtherCoding) {
    HeadCheck check(kLimits);
    ASSERT_TRUE(check.check("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:  Chunked \r\n\r\n"));
    EXPECT_TRUE(check.is_chunked());

    for (const auto* value : {"", "identity", "xchunked", "chunked, identity", "gzip, chunked", "chunked, chunked",
                              ", chunked", "chunked;q=1", "\"chunked\""})
        EXPECT_EQ(check_lines("Transfer-Encoding: " + std::string(value) + "\r\n"), kBad) << value;
    EXPECT_EQ(check_lines("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), kBad);
    EXPECT_EQ(check_head("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), kBad);
}

TEST(HeadCheck, RefusesTwoKindsOfFraming) {
    EXPECT_EQ(check_lines("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"), kBad);
    EXPECT_EQ(check_lines("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"), kBad);
    EXPECT_EQ(check_lines("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), kBad);
}

TEST(HeadCheck, DetectsExpectContinue) {
    HeadCheck waiting(kLimits);
    ASSERT_TRUE(waiting.check("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n\r\n"));
    EXPECT_TRUE(waiting.expects_continue());
    HeadCheck other(kLimits);
    ASSERT_TRUE(other.check("POST / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n"));
    EXPECT_FALSE(other.expects_continue());
}

TEST(HeadCheck, DistinguishesALongRequestLineFromLongHeaders) {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_TRUE(check_head(head, {.head_bytes = head.size()}));
    EXPECT_EQ(check_head(head, {.head_bytes = head.size() - 1}), std::unexpected(HttpRefusal{431}));
    EXPECT_EQ(check_head(head, {.head_bytes = 16}), std::unexpected(HttpRefusal{431}));
    EXPECT_EQ(check_head(head, {.head_bytes = 15}), std::unexpected(HttpRefusal{414}));
    EXPECT_TRUE(check_head("\r\n" + head, {.head_bytes = head.size()}));
}

TEST(ChunkCheck, EndsAfterTheTrailers) {
    for (const std::string body : {"0\r\n\r\n", "2\r\n{}\r\n0\r\n\r\n", "000\r\nX: y\r\nZ:\r\n\r\n",
                                   "1\r\n\r\r\n0\r\n\r\n", "00A\r\n0123456789\r\n0\r\n\r\n"}) {
        EXPECT_EQ(check_chunks(body), body.size()) << body;
        EXPECT_EQ(check_chunks(body + "GET"), body.size()) << body;
    }
}

TEST(ChunkCheck, RefusesInvalidSizes) {
    for (const auto* line : {"", "xyz", "-2", "+2", "0x2", " 2", "2 ", "2\t", "2 3", "10000000000000002"})
        EXPECT_EQ(check_chunks(std::string(line) + "\r\n"), kBad) << line;
}

TEST(ChunkCheck, RefusesOtherLineEnds) {
    for (const auto* body : {"2\n", "2\r{", "2\r\n{}\n", "2\r\n{}\rx", "2\r\n{}x", "2\r\n{}\r\n0\n", "0\r\n\n",
                             "0\r\n\r\r", "0\r\nX: y\n", "0\r\nX: y\rz"})
        EXPECT_EQ(check_chunks(body), kBad) << body;
}

TEST(ChunkCheck, AcceptsWellFormedExtensionsOnly) {
    for (const auto* extension : {";a", ";a=b", " ; a = b", ";a;b=\"c\";d=\"\"", ";a=\"x\\\"y; z\""})
        EXPECT_TRUE(check_chunks("1" + std::string(extension) + "\r\nx\r\n0" + extension + "\r\n\r\n")) << extension;
    for (const auto* extension : {";", ";;a", ";a=", ";a b", ";a=b c", ";a=\"b", ";a=\"b\"c", ";a=\"b\\", ";a=\"\n\"",
                                  ";a=\"\x01\"", " a", ";a "})
        EXPECT_EQ(check_chunks("1" + std::string(extension) + "\r\n"), kBad) << extension;
}

TEST(ChunkCheck, LimitsItsLines) {
    const std::string most(kLimits.chunk_line_bytes - 2, 'e');
    EXPECT_TRUE(check_chunks("0;" + most + "\r\n\r\n"));
    EXPECT_EQ(check_chunks("0;" + most + "e"), kBad);
}

TEST(ChunkCheck, ChecksTheBodyLimitAsSoonAsASizeExceedsIt) {
    const HttpLimits limits{.body_bytes = 10};
    EXPECT_TRUE(check_chunks("5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n", limits));
    EXPECT_EQ(check_chunks("b\r\n", limits), std::unexpected(HttpRefusal{413}));
    EXPECT_EQ(check_chunks("5\r\n12345\r\n6\r\n", limits), std::unexpected(HttpRefusal{413}));
    EXPECT_EQ(check_chunks("5\r\n12345\r\nffffffffffffffff\r\n", limits), std::unexpected(HttpRefusal{413}));
}

TEST(ChunkCheck, ChecksTrailersByTheRulesOfHeaders) {
    for (const auto* trailer : {"nonsense", ": x", " folded: x", "X : y", "X: a\x01z", "Content-Length: 2",
                                "transfer-encoding: chunked", "Host: x", "Connection: close"})
        EXPECT_EQ(check_chunks("0\r\n" + std::string(trailer) + "\r\n"), kBad) << trailer;
    EXPECT_EQ(check_chunks("0\r\nX: " + std::string(kLimits.head_bytes, 'y')), std::unexpected(HttpRefusal{431}));
}

}  // namespace
}  // namespace globes::net
