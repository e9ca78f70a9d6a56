#include "net/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace globes::net {
namespace {

constexpr UnixMicros kNow = 784111777'999999;  // Sun, 06 Nov 1994 08:49:37.999999

TEST(HttpRequest, ListsTheElementsOfAllLinesOfAHeader) {
    HttpRequest request;
    request.headers = {{"a", " one,two ,, "}, {"b", "x"}, {"a", "\tthree"}, {"a", ","}};
    EXPECT_THAT(request.header_list("a"), testing::ElementsAre("one", "two", "three"));
    EXPECT_THAT(request.header_list("c"), testing::ElementsAre());
    EXPECT_EQ(request.header("b"), "x");
    EXPECT_EQ(request.header("c"), "");
}

TEST(HttpResponse, WritesStatusHeadersAndBody) {
    const HttpResponse response{.status = 201, .body = "{}", .headers = {{"Location", "/chats/2"}}};
    EXPECT_EQ(write_response(response, {}, kNow),
              "HTTP/1.1 201 Created\r\n"
              "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "Server: Globes\r\n"
              "X-Content-Type-Options: nosniff\r\n"
              "Content-Type: application/json; charset=utf-8\r\n"
              "Content-Length: 2\r\n"
              "Location: /chats/2\r\n"
              "\r\n"
              "{}");
}

TEST(HttpResponse, AnswersHeadAsGetWithoutTheBody) {
    const HttpResponse response{.body = "hello"};
    const std::string get = write_response(response, {}, kNow);
    EXPECT_EQ(write_response(response, {.head = true}, kNow) + "hello", get);
    EXPECT_TRUE(get.contains("Content-Length: 5\r\n"));
}

TEST(HttpResponse, AnEmptyBodyHasALengthAndNoType) {
    const std::string written = write_response({.status = 404}, {}, kNow);
    EXPECT_TRUE(written.contains("Content-Length: 0\r\n"));
    EXPECT_FALSE(written.contains("\r\nContent-Type"));
}

TEST(HttpResponse, NoContentAndNotModifiedHaveNoBody) {
    for (const int status : {204, 304}) {
        const std::string written = write_response({.status = status, .body = "never sent"}, {}, kNow);
        EXPECT_FALSE(written.contains("\r\nContent-")) << status;
        EXPECT_TRUE(written.ends_with("\r\n\r\n")) << status;
    }
}

TEST(HttpResponse, SaysWhetherTheConnectionIsKept) {
    EXPECT_FALSE(write_response({}, {}, kNow).contains("Connection"));
    EXPECT_TRUE(write_response({}, {.keep_alive = false}, kNow).contains("Connection: close\r\n"));
    EXPECT_TRUE(write_response({}, {.minor_version = 0}, kNow).contains("Connection: keep-alive\r\n"));
    EXPECT_TRUE(write_response({}, {.keep_alive = false, .minor_version = 0}, kNow).contains("Connection: close\r\n"));
}

TEST(HttpResponse, LeavesOutHeadersThatWouldBeSeveralLines) {
    const HttpResponse response{.body = "x",
                                .headers = {{"A", "b\r\nSet-Cookie: c"},
                                            {"B", "b\nc"},
                                            {"C", std::string("b\0c", 3)},
                                            {"D: e\r\nF", "g"},
                                            {"", "h"},
                                            {"Kept", "\tas it is"}}};
    EXPECT_EQ(write_response(response, {}, kNow),
              "HTTP/1.1 200 OK\r\n"
              "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "Server: Globes\r\n"
              "X-Content-Type-Options: nosniff\r\n"
              "Content-Type: application/json; charset=utf-8\r\n"
              "Content-Length: 1\r\n"
              "Kept: \tas it is\r\n"
              "\r\nx");
    EXPECT_FALSE(write_response({.content_type = "a\r\nb: c", .body = "x"}, {}, kNow).contains("b: c"));
}

TEST(HttpResponse, NamesEveryStatusThatIsUsed) {
    EXPECT_TRUE(write_response({.status = 426}, {}, kNow).starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
    EXPECT_TRUE(
        write_response({.status = 431}, {}, kNow).starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
    EXPECT_TRUE(write_response({.status = 299}, {}, kNow).starts_with("HTTP/1.1 299 "));
}

TEST(HttpDate, HasTheFormOfTheRfc) {
    EXPECT_EQ(format_http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(format_http_date(1709251199'000000), "Thu, 29 Feb 2024 23:59:59 GMT");
}

}  // namespace
}  // namespace globes::net
