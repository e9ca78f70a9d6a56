#include "api/ws/subprotocols.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

namespace globes::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kToken = "eyJhbGciOiJIUzI1NiJ9.eyJyb29tX2lkIjoyfQ.b6XnNqrFnF-mUu_M";
constexpr const char* kOther = "eyJhbGciOiJIUzI1NiJ9.eyJyb29tX2lkIjozfQ.b6XnNqrFnF-mUu_M";

net::HttpRequest offering(std::initializer_list<std::string> lines) {
    net::HttpRequest request;
    for (const std::string& line : lines) request.headers.emplace_back("sec-websocket-protocol", line);
    return request;
}

std::string selected(const std::string& line, std::string_view accepted) {
    const net::HttpRequest request = offering({line});
    return std::string(select_subprotocol(*parse_subprotocols(request), accepted));
}

TEST(SubprotocolOffers, TokensAreFoundInAnyPosition) {
    const net::HttpRequest request = offering({std::string("Bearer, ") + kToken, std::string("globes.v1,") + kOther});
    const SubprotocolOffers offers = *parse_subprotocols(request);
    EXPECT_TRUE(offers.has_globes_v1);
    EXPECT_THAT(offers.tokens, ElementsAre(kToken, kOther));
}

TEST(SubprotocolOffers, FindsNoTokenInOtherValues) {
    for (const char* offer :
         {"", "chat", "Bearer", "globes.v1", "GLOBES.V1", "globes.v2", "globes.guest.abc", "globes.session.abc", "a.b",
          "a.b.c.d", "a..c", ".b.c", "a.b.", "a.b.c!", "a.b.c=", "..", "undefined"}) {
        const net::HttpRequest request = offering({offer});
        const SubprotocolOffers offers = *parse_subprotocols(request);
        EXPECT_THAT(offers.tokens, IsEmpty()) << offer;
        EXPECT_EQ(offers.has_globes_v1, std::string_view(offer) == "globes.v1") << offer;
    }
}

TEST(SubprotocolOffers, MoreThanFourTokensAreRefused) {
    const std::string four = fmt::format("{0}, {1}, {0}, {1}, globes.v1, chat", kToken, kOther);
    EXPECT_EQ(parse_subprotocols(offering({four}))->tokens.size(), 4u);
    const net::HttpRequest request = offering({four, "a.b.c"});
    EXPECT_EQ(parse_subprotocols(request).error(), (Error{ErrorCode::session_not_established}));
}

TEST(SubprotocolOffers, ASessionIsFoundInAnyPosition) {
    const auto session = [](std::initializer_list<std::string> lines) {
        const net::HttpRequest request = offering(lines);
        return std::string(parse_subprotocols(request)->session);
    };
    EXPECT_EQ(session({"globes.v1, globes.session.0123abcd"}), "0123abcd");
    EXPECT_EQ(session({"globes.session.first", std::string(kToken) + ", globes.v1, globes.session.second"}), "first");
    EXPECT_EQ(session({"globes.session., globes.session.other"}), "other");
    for (const char* offer : {"globes.v1", "session.abc", "GLOBES.SESSION.abc", "globes.session", "globes.session."})
        EXPECT_EQ(session({offer}), "") << offer;
}

TEST(SelectedSubprotocol, IsGlobesV1IfOffered) {
    EXPECT_EQ(selected("globes.v1", ""), "globes.v1");
    EXPECT_EQ(selected(std::string(kToken) + ", globes.v1", kToken), "globes.v1");
    EXPECT_EQ(selected("globes.guest.abc, globes.v1, chat", ""), "globes.v1");
    EXPECT_EQ(selected("globes.session.abc, globes.v1", ""), "globes.v1");
}

TEST(SelectedSubprotocol, IsTheAcceptedTokenOtherwise) {
    EXPECT_EQ(selected(kToken, kToken), kToken);
    EXPECT_EQ(selected(std::string("Bearer, ") + kOther + ", " + kToken, kToken), kToken);
    EXPECT_EQ(selected(kOther, kToken), "") << "the accepted one was in Authorization";
}

TEST(SelectedSubprotocol, IsAnyTokenInAPublicRoomThatNeedsNone) {
    EXPECT_EQ(selected(kToken, ""), kToken);
    EXPECT_EQ(selected(std::string("chat, ") + kOther + ", " + kToken, ""), kOther);
}

TEST(SelectedSubprotocol, IsNeverOneOfAnotherProgram) {
    for (const char* offers : {"", "chat", "Bearer", "globes.guest.abc", "globes.session.abc", "chat, superchat"})
        EXPECT_EQ(selected(offers, ""), "") << offers;
    EXPECT_EQ(selected("chat, globes.guest.abc", kToken), "");
}

}  // namespace
}  // namespace globes::api
