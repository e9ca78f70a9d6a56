#include "net/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace globes::net {
namespace {

using testing::ElementsAre;
using testing::Pair;

/// The routes of a small API; each handler writes its name and parameters into `called`.
class RouterTest : public testing::Test {
protected:
    RouterTest() {
        for (const auto& [method, path] : {std::pair{"GET", "/"},
                                           {"GET", "/chats"},
                                           {"POST", "/chats"},
                                           {"GET", "/chats/{room}"},
                                           {"PUT", "/chats/{room}"},
                                           {"DELETE", "/chats/{room}"},
                                           {"POST", "/chats/{room}/token"},
                                           {"GET", "/chats/{room}/token/renew"},
                                           {"GET", "/{one}/x/{two}"}}) {
            router_.add(method, path, [this, name = std::string(method) + ' ' + path](const auto&, const auto& values) {
                called_ = name;
                for (const std::string& value : values) called_ += " <" + value + '>';
            });
        }
    }

    /// The result of a request: the handler called and its parameters, or the Allow list, or "-".
    std::string route(std::string_view method, std::string_view target) {
        const auto match = router_.match(method, target);
        if (!match) return match.error().is_unknown_path() ? "-" : "Allow: " + match.error().allow;
        (*match->handler)(nullptr, match->parameters);
        return called_;
    }

    Router router_;
    std::string called_;
};

TEST_F(RouterTest, FindsTheHandlerByMethodAndPath) {
    EXPECT_EQ(route("GET", "/"), "GET /");
    EXPECT_EQ(route("GET", "/?x=y"), "GET /");
    EXPECT_EQ(route("POST", "/chats"), "POST /chats");
    EXPECT_EQ(route("GET", "/chats/2"), "GET /chats/{room} <2>");
    EXPECT_EQ(route("GET", "/chats/2/token/renew?a=b/c"), "GET /chats/{room}/token/renew <2>");
    EXPECT_EQ(route("GET", "/a/x/b"), "GET /{one}/x/{two} <a> <b>");
}

TEST_F(RouterTest, DecodesSegmentsAfterThePathIsSplit) {
    EXPECT_EQ(route("GET", "/chats/a%2Fb%3Fc"), "GET /chats/{room} <a/b?c>");
    EXPECT_EQ(route("GET", "/chats/a%2ftoken%2frenew"), "GET /chats/{room} <a/token/renew>");
    EXPECT_EQ(route("GET", "/chats/caf%C3%A9%20+"), "GET /chats/{room} <caf\xC3\xA9 +>");
    EXPECT_EQ(route("GET", "/chats/caf\xC3\xA9"), "GET /chats/{room} <caf\xC3\xA9>");
    EXPECT_EQ(route("GET", "/ch%61ts"), "GET /chats");
    EXPECT_EQ(route("GET", "/chats/%2541"), "GET /chats/{room} <%41>") << "decoded once";
}

TEST_F(RouterTest, APathThatCannotBeDecodedIsNotFound) {
    for (const auto* target : {"/chats/%", "/chats/%4", "/chats/%zz", "/chats/%4g", "/chats/%+1", "/chats/%FF",
                               "/chats/\xFF", "/chats/%C3", "/chats/%C0%AF", "/chats/%ED%A0%80"})
        EXPECT_EQ(route("GET", target), "-") << target;
}

TEST_F(RouterTest, AnAdditionalSlashIsAnotherPath) {
    for (const auto* target : {"//", "/chats/", "//chats", "/chats//", "/chats/2/", "/chats//token/renew",
                               "/chats/2/token//renew", "", "*", "chats"})
        EXPECT_EQ(route("GET", target), "-") << target;
}

TEST_F(RouterTest, CaseMatters) {
    EXPECT_EQ(route("GET", "/Chats"), "-");
    EXPECT_EQ(route("get", "/chats"), "Allow: GET, HEAD, POST");
}

TEST_F(RouterTest, ReturnsTheAllowedMethodsOfAPath) {
    EXPECT_EQ(route("DELETE", "/chats"), "Allow: GET, HEAD, POST");
    EXPECT_EQ(route("POST", "/chats/2"), "Allow: GET, HEAD, PUT, DELETE");
    EXPECT_EQ(route("OPTIONS", "/chats/2/token"), "Allow: POST");
    EXPECT_EQ(route("HEAD", "/chats/2/token"), "Allow: POST");
    EXPECT_EQ(route("PATCH", "/nowhere"), "-");
}

TEST_F(RouterTest, HeadIsServedByTheHandlerOfGet) {
    EXPECT_EQ(route("HEAD", "/chats/2"), "GET /chats/{room} <2>");
    router_.add("HEAD", "/chats/{room}", [this](const auto&, const auto&) { called_ = "its own"; });
    EXPECT_EQ(route("HEAD", "/chats/2"), "its own");
    EXPECT_EQ(route("POST", "/chats/2"), "Allow: GET, HEAD, PUT, DELETE");
}

TEST_F(RouterTest, TheFirstMatchingTemplateIsUsed) {
    router_.add("GET", "/chats/new", [this](const auto&, const auto&) { called_ = "never"; });
    EXPECT_EQ(route("GET", "/chats/new"), "GET /chats/{room} <new>");
}

TEST(QueryParameter, DecodesNamesAndValues) {
    const auto find = [](std::string_view name) {
        return query_parameter("/chats?limit=10&%61fter=a%26b%3Dc&flag&empty=&x=1+2&&=v&e=a=b&limit=20", name);
    };
    EXPECT_EQ(find("limit"), "10") << "the first one";
    EXPECT_EQ(find("after"), "a&b=c");
    EXPECT_EQ(find("flag"), "");
    EXPECT_EQ(find("empty"), "");
    EXPECT_EQ(find("x"), "1+2");
    EXPECT_EQ(find(""), "v");
    EXPECT_EQ(find("e"), "a=b");
    for (const char* absent : {"lim", "limits", "Limit", "%61fter", "a"})
        EXPECT_EQ(find(absent), std::nullopt) << absent;
    EXPECT_EQ(query_parameter("/chats", ""), std::nullopt);
    EXPECT_EQ(query_parameter("/chats?", ""), std::nullopt);
    EXPECT_EQ(query_parameter("/chats?a=b?c", "a"), "b?c");
}

TEST(QueryParameter, KeepsValuesThatCannotBeDecoded) {
    EXPECT_EQ(query_parameter("/?after=%zz&last=%FF", "after"), "%zz");
    EXPECT_EQ(query_parameter("/?after=%zz&last=%FF", "last"), "%FF");
}

}  // namespace
}  // namespace globes::net
