#include "api/wire/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace globes::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(ErrorTable, EqualsTheDocumentedTable) {
    struct Row {
        ErrorCode code;
        int number;
        std::string_view text;
        int http_status;
    };
    const std::vector<Row> contract = {
        {ErrorCode::room_not_found, 101, "Room error: Room not found", 404},
        {ErrorCode::duplicate_room, 102, "Room error: Duplicate room", 400},
        {ErrorCode::room_invalid_json, 103, "Room error: Invalid JSON", 400},
        {ErrorCode::room_unauthorized, 104, "Room error: Unauthorized operation", 401},
        {ErrorCode::room_invalid_content, 105, "Room error: Invalid content", 400},
        {ErrorCode::user_not_found, 201, "Client error: User not found", 404},
        {ErrorCode::duplicate_username, 202, "Client error: Duplicate username", 400},
        {ErrorCode::client_invalid_json, 203, "Client error: Invalid JSON", 400},
        {ErrorCode::client_unauthorized, 204, "Client error: Unauthorized operation", 401},
        {ErrorCode::session_not_established, 301, "Could not establish session", 400},
        {ErrorCode::invalid_json, 303, "Invalid JSON", 400},
        {ErrorCode::unauthorized, 304, "Unauthorized operation", 401},
        {ErrorCode::unsupported_device, 305, "Unsupported client device", 400},
        {ErrorCode::invalid_token, 403, "Token error: Invalid token", 403},
        {ErrorCode::path_not_found, 501, "Not found", 404},
        {ErrorCode::method_not_allowed, 502, "Method not allowed", 405},
        {ErrorCode::too_many_requests, 503, "Too many requests", 429},
        {ErrorCode::too_large, 504, "Request too large", 413},
        {ErrorCode::unavailable, 505, "Temporarily unavailable", 503},
        {ErrorCode::bad_request, 506, "Bad request", 400},
        {ErrorCode::internal_error, 507, "Internal error", 500},
    };
    ASSERT_EQ(error_table().size(), contract.size());
    for (std::size_t i = 0; i < contract.size(); ++i) {
        SCOPED_TRACE(contract[i].number);
        EXPECT_EQ(error_table()[i].code, contract[i].code);
        EXPECT_EQ(std::to_underlying(contract[i].code), contract[i].number);
        EXPECT_EQ(error_table()[i].text, contract[i].text);
        EXPECT_EQ(error_table()[i].http_status, contract[i].http_status);
        EXPECT_EQ(&error_entry(contract[i].code), &error_table()[i]);
    }
}

TEST(ErrorResponse, IsTheReadmesExample) {
    const net::HttpResponse response = error_response({ErrorCode::duplicate_room, "title"});
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.content_type, "application/json; charset=utf-8");
    EXPECT_EQ(response.body,
              R"({"status":false,"error":{"code":102,"error":"Room error: Duplicate room","field":"title"}})");
    EXPECT_THAT(response.headers, IsEmpty());
    EXPECT_FALSE(response.close);
}

TEST(ErrorResponse, OmitsAnAbsentField) {
    EXPECT_EQ(error_response({ErrorCode::path_not_found}).body,
              R"({"status":false,"error":{"code":501,"error":"Not found"}})");
}

TEST(ErrorResponse, HasAReasonAndALongerWaitIfTheErrorHasOne) {
    const net::HttpResponse response =
        error_response({.code = ErrorCode::unavailable, .reason = "The server is \"full\"."});
    EXPECT_EQ(
        response.body,
        R"({"status":false,"error":{"code":505,"error":"Temporarily unavailable","reason":"The server is \"full\"."}})");
    EXPECT_THAT(response.headers, ElementsAre(Pair("Retry-After", std::to_string(kLastingRetryAfterS))));
    EXPECT_THAT(error_response({ErrorCode::unavailable}).headers, ElementsAre(Pair("Retry-After", "1")));
}

TEST(ErrorResponse, UsesTheStatusOfTheTableByDefault) {
    for (const ErrorEntry& entry : error_table())
        EXPECT_EQ(error_response({entry.code}).status, entry.http_status) << entry.text;
    EXPECT_EQ(error_response({ErrorCode::session_not_established}, 426).status, 426);
    EXPECT_EQ(error_response({ErrorCode::unauthorized}, 403).status, 403);
    EXPECT_EQ(error_response({ErrorCode::too_large}, 431).status, 431);
    EXPECT_EQ(error_response({ErrorCode::bad_request}, 408).status, 408);
}

TEST(ErrorResponse, HasRetryAfterFor429And503) {
    for (const ErrorEntry& entry : error_table()) {
        const net::HttpResponse response = error_response({entry.code}, 0, 42);
        if (entry.code == ErrorCode::too_many_requests || entry.code == ErrorCode::unavailable)
            EXPECT_THAT(response.headers, ElementsAre(Pair("Retry-After", "42"))) << entry.text;
        else
            EXPECT_THAT(response.headers, IsEmpty()) << entry.text;
    }
    EXPECT_THAT(error_response({ErrorCode::unavailable}).headers, ElementsAre(Pair("Retry-After", "1")));
}

TEST(EventErrorSentence, IsOneSentenceForEachErrorOfAnEvent) {
    constexpr Error kOfEvents[] = {
        {ErrorCode::user_not_found, "name"},
        {ErrorCode::duplicate_username, "name"},
        {ErrorCode::client_unauthorized, "name"},
        {ErrorCode::invalid_json},
        {ErrorCode::invalid_json, "event_type"},
        {ErrorCode::invalid_json, "name"},
        {ErrorCode::invalid_json, "msg"},
        {ErrorCode::invalid_json, "color"},
        {ErrorCode::invalid_json, "id"},
        {ErrorCode::too_many_requests},
        {ErrorCode::unavailable},
    };
    std::set<std::string_view> sentences;
    for (const Error& error : kOfEvents) {
        const std::string_view sentence = event_error_sentence(error);
        EXPECT_NE(sentence, error_entry(error.code).text) << "is for people";
        EXPECT_TRUE(sentence.ends_with('.')) << sentence;
        EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
    }
    EXPECT_EQ(event_error_sentence({ErrorCode::room_not_found}), "Room error: Room not found") << "no event's error";
}

TEST(ErrorResponse, ClosesOnlyAfterAnIncompleteRequest) {
    for (const ErrorEntry& entry : error_table())
        EXPECT_EQ(error_response({entry.code}).close,
                  entry.code == ErrorCode::bad_request || entry.code == ErrorCode::too_large)
            << entry.text;
}

TEST(ErrorTable, TooLargeContainsTheLimit) {
    const auto response = too_large_response(431, 16384);
    EXPECT_EQ(response.status, 431);
    EXPECT_TRUE(response.close);
    EXPECT_EQ(response.body, R"({"status":false,"error":{"code":504,"error":"Request too large","limit":16384}})");
}

}  // namespace
}  // namespace globes::api
