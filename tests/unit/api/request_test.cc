#include "api/request.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace globes::api {
namespace {

net::HttpRequest with(std::string name, std::string value) {
    net::HttpRequest request;
    request.headers.emplace_back(std::move(name), std::move(value));
    return request;
}

TEST(BearerToken, IsTheTextAfterTheScheme) {
    EXPECT_EQ(bearer_token(with("authorization", "Bearer abc.def.ghi")), "abc.def.ghi");
    EXPECT_EQ(bearer_token(with("authorization", "bEARER abc")), "abc");
    EXPECT_EQ(bearer_token(with("authorization", "Bearer   abc")), "abc");
}

TEST(Query, MayHaveSoManyParameters) {
    net::HttpRequest request;
    const auto with = [&](std::size_t count) -> const net::HttpRequest& {
        request.target = "/chats?a";
        for (std::size_t i = 1; i < count; ++i) request.target += "&a";
        return request;
    };
    EXPECT_FALSE(has_too_many_parameters(with(kMaxParameters)));
    EXPECT_TRUE(has_too_many_parameters(with(kMaxParameters + 1)));
    request.target = "/" + std::string(100, '&');
    EXPECT_FALSE(has_too_many_parameters(request)) << "a path has no parameters";
}

TEST(Accept, OnlyTheFirstElementsCount) {
    std::string many;
    for (std::size_t i = 1; i < kMaxListElements; ++i) many += "a/b,";
    net::HttpRequest request;
    request.headers = {{"accept", many + "text/html"}};
    EXPECT_TRUE(prefers_html(request));
    request.headers = {{"accept", many + "a/b,text/html"}};
    EXPECT_FALSE(prefers_html(request));
}

TEST(BearerToken, IsEmptyIfAbsent) {
    EXPECT_EQ(bearer_token(net::HttpRequest{}), "");
    for (const char* value :
         {"", "Bearer", "Bearer ", "Basic abc", "abc.def.ghi", "Bearerabc", " Bearer abc", "Bear er"})
        EXPECT_EQ(bearer_token(with("authorization", value)), "") << '\'' << value << '\'';
}

bool is_page_preferred(const char* accept) { return prefers_html(with("accept", accept)); }

TEST(Accept, ABrowserThatOpensAnAddressWantsThePage) {
    EXPECT_TRUE(is_page_preferred("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"));
    EXPECT_TRUE(is_page_preferred("text/html"));
    EXPECT_TRUE(is_page_preferred("TEXT/HTML;level=1 ; Q=0.3"));
    EXPECT_TRUE(is_page_preferred("application/json;q=0.5, text/*"));
}

TEST(Accept, OtherClientsWantJson) {
    EXPECT_FALSE(prefers_html({}));
    for (const char* accept : {"", "*/*", "application/json", "application/json, text/html", "text/html;q=0.5, */*",
                               "text/html;q=0", "application/*, text/html;q=0.9", "text/plain", "html"})
        EXPECT_FALSE(is_page_preferred(accept)) << accept;
}

TEST(Accept, TheMostSpecificRangeCounts) {
    EXPECT_FALSE(is_page_preferred("text/*, text/html;q=0.1, application/json;q=0.5"));
    EXPECT_TRUE(is_page_preferred("*/*, application/json;q=0.1, text/html;q=0.2"));
}

TEST(Accept, AnInvalidWeightCountsAsZero) {
    for (const char* accept : {"text/html;q=2", "text/html;q=x", "text/html;q=", "text/html;q=-1", "text/html;q=nan",
                               "text/html;q=1e0", "text/html;q=0.5x"})
        EXPECT_FALSE(is_page_preferred(accept)) << accept;
}

TEST(AcceptEncoding, ACodingThatWasNotNamedIsNotChosen) {
    EXPECT_EQ(choose_coding({}, true, true), Coding::identity);
    for (const char* accepted : {"", "deflate", "zstd, compress", "identity", "brotli"})
        EXPECT_EQ(choose_coding(with("accept-encoding", accepted), true, true), Coding::identity) << accepted;
}

TEST(AcceptEncoding, TheGreatestWeightWins) {
    const std::map<const char*, Coding> expected = {
        {"gzip, deflate, br, zstd", Coding::brotli},
        {"br;q=0.9, gzip", Coding::gzip},
        {"gzip;q=0.001", Coding::gzip},
        {"GZIP", Coding::gzip},
        {"x-gzip", Coding::gzip},
        {"*", Coding::brotli},
        {"*, br;q=0", Coding::gzip},
        {"gzip;q=0.2, identity;q=0.8", Coding::identity},
        {"gzip;q=0.2, *;q=0.8", Coding::brotli},
        {"gzip, br, identity", Coding::brotli},
        {"gzip;q=0, br;q=0", Coding::identity},
        {"*;q=0", Coding::identity},
        {"*;q=0, gzip", Coding::gzip},
        {"identity;q=0, gzip;q=0.1", Coding::gzip},
    };
    for (const auto& [accepted, coding] : expected)
        EXPECT_EQ(choose_coding(with("accept-encoding", accepted), true, true), coding) << accepted;
}

TEST(AcceptEncoding, OnlyFormsThatExistAreChosen) {
    const auto request = with("accept-encoding", "br, gzip;q=0.5");
    EXPECT_EQ(choose_coding(request, true, false), Coding::gzip);
    EXPECT_EQ(choose_coding(request, false, false), Coding::identity);
    EXPECT_EQ(choose_coding(with("accept-encoding", "identity;q=0"), false, false), Coding::identity)
        << "better than nothing";
}

TEST(AcceptEncoding, SeveralLinesAreOneList) {
    auto request = with("accept-encoding", "gzip;q=0.5");
    request.headers.emplace_back("accept-encoding", "br");
    EXPECT_EQ(choose_coding(request, true, true), Coding::brotli);
}

TEST(LoggablePath, NamesARoomByACountedIdOnly) {
    for (const int status : {200, 404}) {
        EXPECT_EQ(loggable_path("/chats/2", status), "/chats/2");
        EXPECT_EQ(loggable_path("/chats/999999999/token/renew?x=y", status), "/chats/999999999/token/renew");
        for (const char* room : {"1234567890", "188391274650112", "Secret", "%32", "2x", "-1"})
            EXPECT_EQ(loggable_path(std::string("/chats/") + room + "/ws", status), "/chats/*/ws") << room;
    }
}

TEST(LoggablePath, HidesTheRoomInUnusualPathsToo) {
    EXPECT_EQ(loggable_path("/%63hats/Secret", 404), "/%63hats/*");
    EXPECT_EQ(loggable_path("/CHATS/Secret", 404), "/CHATS/*");
    EXPECT_EQ(loggable_path("//chats//Secret/", 404), "//chats//*/");
    EXPECT_EQ(loggable_path("/globes/chats/Secret/ws", 404), "/*/chats/*/ws");
    EXPECT_EQ(loggable_path("http://a/chats/Secret", 404), "*//*/chats/*");
    EXPECT_EQ(loggable_path("/chats/events", 404), "/chats/*") << "a room may have this title";
    EXPECT_EQ(loggable_path("/chats/1/Secret/room", 404), "/chats/1/*/*") << "the title may contain a slash";
    EXPECT_EQ(loggable_path("/chats/Sec%", 404), "/chats/*");
}

TEST(LoggablePath, HidesARoomInPathsThatResembleTheRoute) {
    EXPECT_EQ(loggable_path("/chats%2f123", 404), "/*");
    EXPECT_EQ(loggable_path("/chats;/Secret", 404), "/*/*");
    EXPECT_EQ(loggable_path("/%2563hats/Secret", 404), "/*/*");
    EXPECT_EQ(loggable_path("/chats\\Secret", 404), "/*");
    EXPECT_EQ(loggable_path("/chat/Secret", 404), "/*/*");
    EXPECT_EQ(loggable_path("/chats%2f123", 308), "/*") << "a redirect leads to no file";
}

TEST(LoggablePath, KeepsOtherPathsWithoutTheirQuery) {
    EXPECT_EQ(loggable_path("/chats?limit=5", 200), "/chats");
    EXPECT_EQ(loggable_path("/assets/app.1a2b.js#x", 200), "/assets/app.1a2b.js");
    EXPECT_EQ(loggable_path("/assets/app.1a2b.js", 304), "/assets/app.1a2b.js");
    EXPECT_EQ(loggable_path("/ready", 503), "/ready");
    EXPECT_EQ(loggable_path("/", 429), "/");
    EXPECT_EQ(loggable_path("*", 204), "*");
    EXPECT_EQ(loggable_path("", 400), "");
}

bool is_known(const char* if_none_match) { return has_current_form(with("if-none-match", if_none_match), "\"a1-br\""); }

TEST(IfNoneMatch, FindsTheTagInTheList) {
    for (const char* known : {"\"a1-br\"", "W/\"a1-br\"", "\"b\", \"a1-br\"", "\"b\",W/\"a1-br\" ", "*"})
        EXPECT_TRUE(is_known(known)) << known;
}

TEST(IfNoneMatch, AnotherTagDoesNotMatch) {
    EXPECT_FALSE(has_current_form({}, "\"a1-br\""));
    for (const char* known : {"", "\"a1\"", "a1-br", "\"a1-gzip\"", "\"A1-BR\"", "w/\"a1-br\"", "\"*\""})
        EXPECT_FALSE(is_known(known)) << known;
}

}  // namespace
}  // namespace globes::api
