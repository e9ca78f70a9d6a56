#include "api/access.h"

#include <gmock/gmock.h>

namespace globes::api {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

using Allowed = std::vector<std::string>;

net::HttpRequest from(std::string origin, std::string host = "chat.example:5000") {
    net::HttpRequest request;
    request.headers.emplace_back("host", std::move(host));
    if (!origin.empty()) request.headers.emplace_back("origin", std::move(origin));
    return request;
}

bool is_allowed(std::string origin, std::string host, const Allowed& allowed = {}) {
    return is_origin_allowed(from(std::move(origin), std::move(host)), allowed);
}

TEST(Origin, ARequestWithoutOriginIsAllowed) {
    EXPECT_TRUE(is_origin_allowed(from(""), {}));
    EXPECT_TRUE(is_origin_allowed(from(""), {"https://page.example"}));
}

TEST(Origin, TheServersOwnPasses) {
    EXPECT_TRUE(is_allowed("http://chat.example:5000", "chat.example:5000"));
    EXPECT_TRUE(is_allowed("http://chat.example:5000", "Chat.Example:5000"));
    EXPECT_TRUE(is_allowed("http://127.0.0.1:5000", "127.0.0.1:5000"));
    EXPECT_TRUE(is_allowed("http://[::1]:5000", "[::1]:5000"));
    EXPECT_TRUE(is_allowed("http://chat.example", "chat.example"));
}

TEST(Origin, ThePortOfTheSchemeMayBeLeftOut) {
    EXPECT_TRUE(is_allowed("http://chat.example", "chat.example:80"));
    EXPECT_TRUE(is_allowed("http://chat.example:80", "chat.example"));
    EXPECT_FALSE(is_allowed("http://chat.example", "chat.example:8080"));
    EXPECT_FALSE(is_allowed("http://chat.example:5", "chat.example:5080"));
}

TEST(Origin, AnotherSchemeHostOrPortIsAnotherOrigin) {
    for (const char* origin :
         {"https://chat.example:5000", "http://chat.example:5001", "http://chat.example", "http://evil.example:5000",
          "http://chat.example:5000.evil.example", "http://evil-chat.example:5000", "http://chat.example:50000",
          "chat.example:5000", "null", "http://", "http"})
        EXPECT_FALSE(is_allowed(origin, "chat.example:5000")) << origin;
}

TEST(Origin, OverHttpsTheServersOwnIsThatOfHttps) {
    const auto is_allowed_over_https = [](std::string origin, std::string host) {
        net::HttpRequest request = from(std::move(origin), std::move(host));
        request.is_secure = true;
        return is_origin_allowed(request, {});
    };
    EXPECT_TRUE(is_allowed_over_https("https://chat.example", "chat.example"));
    EXPECT_TRUE(is_allowed_over_https("https://chat.example", "chat.example:443"));
    EXPECT_TRUE(is_allowed_over_https("https://chat.example:5000", "chat.example:5000"));
    EXPECT_FALSE(is_allowed_over_https("http://chat.example", "chat.example")) << "anyone on the network can forge it";
    EXPECT_FALSE(is_allowed_over_https("http://chat.example:443", "chat.example"));
    EXPECT_FALSE(is_allowed_over_https("https://evil.example", "chat.example"));
}

TEST(Origin, AnEmptyHostMatchesNoOrigin) { EXPECT_FALSE(is_allowed("http://", "")); }

TEST(Origin, AnEntryMatchesTheWholeOrigin) {
    const Allowed allowed = {"https://one.example", "https://two.example:8443"};
    EXPECT_TRUE(is_allowed("https://one.example", "chat.example", allowed));
    EXPECT_TRUE(is_allowed("HTTPS://One.Example", "chat.example", allowed));
    EXPECT_TRUE(is_allowed("https://two.example:8443", "chat.example", allowed));
    EXPECT_TRUE(is_allowed("http://chat.example", "chat.example", allowed)) << "its own stays allowed";
    for (const char* origin : {"http://one.example", "https://one.example:8443", "https://two.example",
                               "https://one.example.evil.example", "https://one.exampl", "null"})
        EXPECT_FALSE(is_allowed(origin, "chat.example", allowed)) << origin;
}

TEST(Origin, AStarAllowsAll) {
    EXPECT_TRUE(is_allowed("https://one.example", "chat.example", {"*"}));
    EXPECT_TRUE(is_allowed("null", "chat.example", {"https://one.example", "*"}));
}

TEST(Origin, EveryOriginOfARequestMustBeAllowed) {
    net::HttpRequest request = from("http://chat.example:5000");
    request.headers.emplace_back("origin", "http://evil.example");
    EXPECT_FALSE(is_origin_allowed(request, {}));
}

TEST(Origin, TheHostIsComparedInAnyNotation) {
    EXPECT_TRUE(is_allowed("http://[::1]:5000", "[0:0::1]:5000"));
    EXPECT_FALSE(is_allowed("http://evil.example", "user@evil.example"));
    EXPECT_FALSE(is_allowed("http://chat.example.", "chat.example")) << "for a browser this is another origin";
}

// --- Sec-Fetch-Site --------------------------------------------------------------------------------------------------

bool is_site_allowed(std::string site, std::string origin, const Allowed& allowed = {}) {
    net::HttpRequest request = from(std::move(origin));
    request.headers.emplace_back("sec-fetch-site", std::move(site));
    return is_origin_allowed(request, allowed);
}

TEST(FetchSite, APageOfAnotherOriginIsRefusedWithoutAnOriginToo) {
    for (const char* site : {"cross-site", "same-site", "unknown", "same-origin, cross-site"}) {
        EXPECT_FALSE(is_site_allowed(site, "")) << site;
        EXPECT_FALSE(is_site_allowed(site, "", {"https://page.example"})) << site;
    }
    for (const char* site : {"same-origin", "none"}) EXPECT_TRUE(is_site_allowed(site, "")) << site;
}

TEST(FetchSite, TheHostAloneDoesNotMakeAPageTheServersOwn) {
    // Behind a proxy with TLS: a page of http://chat.example, which anyone on the network can forge, uses
    // https://chat.example.
    for (const char* site : {"cross-site", "same-site"})
        EXPECT_FALSE(is_site_allowed(site, "http://chat.example:5000")) << site;
    EXPECT_TRUE(is_site_allowed("same-origin", "http://chat.example:5000"));
    EXPECT_FALSE(is_site_allowed("same-origin", "http://evil.example"));
}

TEST(FetchSite, AnAllowedOriginIsEnough) {
    EXPECT_TRUE(is_site_allowed("cross-site", "https://page.example", {"https://page.example"}));
    EXPECT_TRUE(is_site_allowed("same-site", "https://page.example", {"https://page.example"}));
    EXPECT_TRUE(is_site_allowed("cross-site", "", {"*"}));
}

TEST(Effects, GetHeadAndOptionsAreWithoutEffect) {
    for (const char* method : {"GET", "HEAD", "OPTIONS"}) EXPECT_FALSE(may_have_effect(method)) << method;
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "get", "PURGE"})
        EXPECT_TRUE(may_have_effect(method)) << method;
}

// --- CORS ------------------------------------------------------------------------------------------------------------

net::HttpResponse answer_to(std::string origin, const Allowed& allowed) {
    net::HttpResponse response;
    add_cors_headers(from(std::move(origin)), allowed, response);
    return response;
}

TEST(Cors, AnAllowedPageMayReadTheAnswerAndItsHeaders) {
    const net::HttpResponse response = answer_to("https://one.example", {"https://one.example"});
    EXPECT_THAT(response.headers, Contains(Pair("Access-Control-Allow-Origin", "https://one.example")));
    EXPECT_THAT(response.headers, Contains(Pair("Access-Control-Expose-Headers", "Location, Retry-After, Allow")));
    EXPECT_THAT(response.headers, Contains(Pair("Vary", "Origin")));
}

TEST(Cors, AnotherOriginOnlyGetsVary) {
    for (const char* origin : {"https://evil.example", "null", ""}) {
        const net::HttpResponse response = answer_to(origin, {"https://one.example"});
        EXPECT_THAT(response.headers, testing::ElementsAre(Pair("Vary", "Origin"))) << origin;
    }
}

TEST(Cors, WithoutAListNoHeaderIsAdded) {
    EXPECT_THAT(answer_to("https://one.example", {}).headers, IsEmpty());
    EXPECT_THAT(answer_to("http://chat.example:5000", {}).headers, IsEmpty()) << "its own page needs no leave";
}

TEST(Cors, AStarAnswersWithTheOriginOfTheRequest) {
    EXPECT_THAT(answer_to("https://one.example", {"*"}).headers,
                Contains(Pair("Access-Control-Allow-Origin", "https://one.example")));
}

TEST(Cors, CredentialsAreNeverAllowed) {
    // Authorization travels in a header that the page sets; cookies have nothing to do here.
    EXPECT_THAT(answer_to("https://one.example", {"*"}).headers,
                Not(Contains(Pair("Access-Control-Allow-Credentials", testing::_))));
}

TEST(Preflight, AnswersAnAllowedOriginWithMethodsAndHeaders) {
    const net::HttpResponse response =
        preflight_response(from("https://one.example"), {"https://one.example"}, "GET, HEAD, POST");
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(response.body, "");
    EXPECT_THAT(response.headers, Contains(Pair("Allow", "GET, HEAD, POST")));
    EXPECT_THAT(response.headers, Contains(Pair("Access-Control-Allow-Methods", "GET, HEAD, POST")));
    EXPECT_THAT(response.headers, Contains(Pair("Access-Control-Allow-Headers", "Authorization, Content-Type")));
}

TEST(Preflight, AnswersOtherOriginsWithTheMethodsOnly) {
    for (const char* origin : {"https://evil.example", ""})
        EXPECT_THAT(preflight_response(from(origin), {"https://one.example"}, "GET, HEAD").headers,
                    testing::ElementsAre(Pair("Allow", "GET, HEAD")));
}

}  // namespace
}  // namespace globes::api
