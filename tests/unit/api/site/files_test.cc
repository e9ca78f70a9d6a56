#include "api/site/files.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "api/open_files.h"
#include "api/site/file_headers.h"

namespace globes::api {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

constexpr EmbeddedFile kScript{"/assets/app.12345678.js", "a1", true, "the script", "zipped", "br"};
constexpr EmbeddedFile kPage{"/index.html", "b2", false, "the page", "", ""};

net::HttpRequest request(std::string encodings = "", std::string known = "") {
    net::HttpRequest made;
    made.headers = {{"host", "chat.example:5000"}};
    if (!encodings.empty()) made.headers.emplace_back("accept-encoding", std::move(encodings));
    if (!known.empty()) made.headers.emplace_back("if-none-match", std::move(known));
    return made;
}

TEST(EmbeddedAnswer, EachFormHasItsOwnBytesAndTag) {
    const auto plain = embedded_answer(request(), kScript, {});
    EXPECT_EQ(plain.body, "the script");
    EXPECT_THAT(plain.headers, Contains(Pair("ETag", "\"a1\"")));
    EXPECT_THAT(plain.headers, Not(Contains(Key("Content-Encoding"))));
    const auto brotli = embedded_answer(request("gzip, br"), kScript, {});
    EXPECT_EQ(brotli.body, "br");
    EXPECT_THAT(brotli.headers, Contains(Pair("ETag", "\"a1-br\"")));
    EXPECT_THAT(brotli.headers, Contains(Pair("Content-Encoding", "br")));
    const auto zipped = embedded_answer(request("gzip"), kScript, {});
    EXPECT_EQ(zipped.body, "zipped");
    EXPECT_THAT(zipped.headers, Contains(Pair("ETag", "\"a1-gzip\"")));
    for (const auto& answer : {plain, brotli, zipped}) {
        EXPECT_EQ(answer.content_type, "text/javascript; charset=utf-8");
        EXPECT_THAT(answer.headers, Contains(Pair("Vary", "Accept-Encoding")));
    }
}

TEST(EmbeddedAnswer, ACachedFileIsAnswered304) {
    const auto known = embedded_answer(request("br", "\"a1-br\""), kScript, {});
    EXPECT_EQ(known.status, 304);
    EXPECT_EQ(known.body, "");
    EXPECT_THAT(known.headers, Contains(Pair("ETag", "\"a1-br\"")));
    EXPECT_THAT(known.headers, Contains(Pair("Vary", "Accept-Encoding")));
    EXPECT_EQ(embedded_answer(request("gzip", "\"a1-br\""), kScript, {}).status, 200) << "these are other bytes";
}

TEST(EmbeddedAnswer, TheNotFoundPageHasNoETagAndIsAlwaysSentCompletely) {
    const auto missing = embedded_answer(request("", "*"), kPage, {}, 404);
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.body, "the page");
    EXPECT_THAT(missing.headers, Not(Contains(Key("ETag"))));
    EXPECT_THAT(missing.headers, Contains(Pair("Cache-Control", "no-cache")));
    EXPECT_THAT(missing.headers, Contains(Key("Content-Security-Policy")));
}

TEST(EmbeddedAnswer, OnlyAFileWithAHashedNameIsImmutable) {
    EXPECT_THAT(embedded_answer(request(), kScript, {}).headers,
                Contains(Pair("Cache-Control", "public, max-age=31536000, immutable")));
    EXPECT_THAT(embedded_answer(request(), kPage, {}).headers, Contains(Pair("Cache-Control", "no-cache")));
}

TEST(EmbeddedAnswer, APageHasAPolicy) {
    const auto page = embedded_answer(request(), kPage, {});
    EXPECT_THAT(page.headers, Contains(Pair("Content-Security-Policy", HasSubstr("default-src 'none'"))));
    EXPECT_THAT(embedded_answer(request(), kScript, {}).headers, Not(Contains(Key("Content-Security-Policy"))));
    net::HttpRequest without_port;
    without_port.headers = {{"host", "chat.example:"}};
    EXPECT_THAT(embedded_answer(without_port, kPage, {}).headers,
                Contains(Pair("Content-Security-Policy", HasSubstr("connect-src 'self' ws://chat.example wss://"))));
}

TEST(EmbeddedSite, HasAPageAndOnlyFilesOfKnownTypes) {
    EXPECT_THAT(embedded_site(), Contains(testing::Field(&EmbeddedFile::path, "/index.html")));
    for (const EmbeddedFile& file : embedded_site()) {
        EXPECT_NE(content_type(file.path), "application/octet-stream") << file.path;
        EXPECT_EQ(file.is_immutable, file.path.starts_with("/assets/")) << file.path;
        for (const std::string_view form : {file.gzip, file.brotli})
            EXPECT_TRUE(form.empty() || form.size() < file.identity.size()) << file.path;
    }
}

// --- the policy ------------------------------------------------------------------------------------------------------

class StaticAnswerTest : public testing::Test {
protected:
    StaticAnswerTest() { std::filesystem::create_directory(folder); }
    ~StaticAnswerTest() override { std::filesystem::remove_all(folder); }
    void write(const char* name, std::size_t size) { std::ofstream(folder / name) << std::string(size, 'x'); }
    int status(const char* path) { return static_answer(folder, path, {}, permits).response.status; }

    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("globes-static-" + std::to_string(::getpid()));
    OpenFiles open_files{1};
    OpenFiles::Permits permits = open_files.permits_of(net::ClientAddress(*IpAddress::parse("192.0.2.1")));
};

TEST_F(StaticAnswerTest, OnlySoManyLargeFilesAreOpenAtTheSameTime) {
    write("large", FileReader::kPart + 1);
    write("small", FileReader::kPart);
    {
        const StaticAnswer first = static_answer(folder, "/large", {}, permits);
        EXPECT_EQ(first.response.status, 200);
        const StaticAnswer second = static_answer(folder, "/large", {}, permits);
        EXPECT_EQ(second.response.status, 503);
        EXPECT_THAT(second.response.headers, Contains(Pair("Retry-After", "1")));
        EXPECT_EQ(status("/small"), 200) << "it is closed at once";
    }
    EXPECT_EQ(status("/large"), 200);
}

TEST_F(StaticAnswerTest, AFileThatCannotBeOpenedNowIs503) {
    write("small", 1);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const int without_descriptors = status("/small");
    const int absent = status("/absent");
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(without_descriptors, 503);
    EXPECT_EQ(absent, 404);
    EXPECT_EQ(status("/small"), 200);
}

TEST(PagePolicy, NothingInlineAndNothingFromElsewhere) {
    EXPECT_EQ(built_in_policy({}, "chat.example:5000"),
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
              "connect-src 'self' ws://chat.example:5000 wss://chat.example:5000; "
              "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

TEST(PagePolicy, AnInvalidHostIsNotASource) {
    for (const char* host : {"", "*", "a; script-src *", "'unsafe-inline'", "a b", "a/b", "a,b", "[::1"})
        EXPECT_THAT(built_in_policy({}, host), HasSubstr("connect-src 'self'; base-uri")) << host;
    EXPECT_THAT(built_in_policy({}, "[::1]:5000"), HasSubstr("connect-src 'self' ws://[::1]:5000 wss://[::1]:5000;"));
}

TEST(PagePolicy, OnlyConfiguredSitesMayFrameAPage) {
    const PagePolicy policy{.frame_ancestors = {"https://a.example", "https://b.example"}};
    EXPECT_THAT(built_in_policy(policy, "h"), EndsWith("; frame-ancestors https://a.example https://b.example"));
    EXPECT_EQ(static_policy(policy), "frame-ancestors https://a.example https://b.example");
    EXPECT_EQ(static_policy({}), "frame-ancestors 'none'");
}

TEST(PagePolicy, OtherSitesMayLoadFilesOnlyIfAllowed) {
    const auto resource_policy = [](const PagePolicy& policy, bool page) {
        net::HttpResponse response;
        add_policy_headers(policy, page, response);
        return response.headers.back().second;
    };
    EXPECT_EQ(resource_policy({}, false), "same-origin");
    EXPECT_EQ(resource_policy({}, true), "same-origin");
    const PagePolicy shared{.frame_ancestors = {}, .is_shared = true};
    EXPECT_EQ(resource_policy(shared, false), "cross-origin");
    EXPECT_EQ(resource_policy(shared, true), "same-origin");
    EXPECT_EQ(resource_policy({.frame_ancestors = {"https://a.example"}}, true), "cross-origin");
}

// --- media types -----------------------------------------------------------------------------------------------------

TEST(ContentType, IsThatOfTheExtension) {
    EXPECT_EQ(content_type("/assets/app.12345678.js"), "text/javascript; charset=utf-8");
    EXPECT_EQ(content_type("globes.d.ts"), "text/plain; charset=utf-8");
    EXPECT_EQ(content_type("/PICTURE.PNG"), "image/png");
    for (const char* path : {"/folder.js/file", "/html", "/.js", "", "/a."})
        EXPECT_EQ(content_type(path), "application/octet-stream") << path;
    EXPECT_TRUE(is_page("/index.html"));
    EXPECT_FALSE(is_page("/index.js"));
}

}  // namespace
}  // namespace globes::api
