#include "base/secret_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <barrier>
#include <fstream>
#include <thread>

namespace globes {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class SecretFileTest : public testing::Test {
protected:
    SecretFileTest() {
        std::string name = (std::filesystem::temp_directory_path() / "globes-secret-XXXXXX").string();
        folder_ = mkdtemp(name.data());
    }
    ~SecretFileTest() override { std::filesystem::remove_all(folder_); }

    void write(std::string_view text) const { std::ofstream(folder_ / "secret") << text; }
    std::string error() const {
        try {
            load_or_make_secret(folder_);
        } catch (const std::runtime_error& failure) {
            return failure.what();
        }
        return "(accepted)";
    }

    std::filesystem::path folder_;
};

TEST_F(SecretFileTest, CreatesThirtyTwoRandomBytesOnce) {
    const auto secret = load_or_make_secret(folder_);
    EXPECT_THAT(secret.text, MatchesRegex("[0-9a-f]{64}"));
    EXPECT_TRUE(secret.is_new);
    const auto again = load_or_make_secret(folder_);
    EXPECT_EQ(again.text, secret.text);
    EXPECT_FALSE(again.is_new);
    EXPECT_NE(load_or_make_secret(folder_ / "another").text, secret.text);
}

TEST_F(SecretFileTest, OnlyTheServersUserMayReadIt) {
    const auto old_mask = umask(0);
    load_or_make_secret(folder_);
    umask(old_mask);
    struct stat status{};
    ASSERT_EQ(stat((folder_ / "secret").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(SecretFileTest, CreatesTheFolder) {
    load_or_make_secret(folder_ / "a" / "b");
    EXPECT_TRUE(std::filesystem::exists(folder_ / "a" / "b" / "secret"));
}

TEST_F(SecretFileTest, ANewFolderIsForTheServersUserOnlyAndAnOldOneKeepsItsMode) {
    const auto mode_of = [](const std::filesystem::path& folder) {
        struct stat status{};
        EXPECT_EQ(stat(folder.c_str(), &status), 0);
        return status.st_mode & 0777;
    };
    const auto old_mask = umask(0);
    load_or_make_secret(folder_ / "parent" / "data");
    ASSERT_EQ(mkdir((folder_ / "shared").c_str(), 0755), 0);
    load_or_make_secret(folder_ / "shared");
    umask(old_mask);
    EXPECT_EQ(mode_of(folder_ / "parent" / "data"), 0700U);
    EXPECT_EQ(mode_of(folder_ / "shared"), 0755U);
}

TEST_F(SecretFileTest, LeavesNoTemporaryFile) {
    load_or_make_secret(folder_);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(SecretFileTest, ServersThatStartAtTheSameTimeAgree) {
    constexpr int kServers = 8;
    std::vector<std::string> secrets(kServers);
    std::barrier start(kServers);
    {
        std::vector<std::jthread> servers;
        for (auto& secret : secrets)
            servers.emplace_back([&] {
                start.arrive_and_wait();
                secret = load_or_make_secret(folder_).text;
            });
    }
    EXPECT_THAT(secrets, testing::Each(secrets.front()));
}

TEST_F(SecretFileTest, ReadsASecretThatTheOperatorWrote) {
    write("  a secret phrase of the operator's own \r\n\n");
    EXPECT_EQ(load_or_make_secret(folder_).text, "a secret phrase of the operator's own");
}

TEST_F(SecretFileTest, RefusesEmptyAndShortFilesWithoutShowingThem) {
    for (const std::string text : {"", "\n", "0123456789abcdef0123456789abcde\n"}) {
        write(text);
        EXPECT_THAT(error(),
                    testing::AllOf(HasSubstr((folder_ / "secret").string()), HasSubstr("at least 32 characters"),
                                   testing::Not(HasSubstr("0123456789"))));
    }
}

TEST_F(SecretFileTest, RefusesAFileThatCannotBeRead) {
    std::filesystem::create_directory(folder_ / "secret");
    EXPECT_THAT(error(), HasSubstr("cannot be read: Is a directory"));
}

TEST_F(SecretFileTest, NamesTheFolderThatCannotBeCreated) {
    std::ofstream(folder_ / "file") << "x";
    EXPECT_THROW(load_or_make_secret(folder_ / "file" / "data"), std::runtime_error);
}

TEST_F(SecretFileTest, WarnsIfOtherUsersMayReadIt) {
    load_or_make_secret(folder_);
    ASSERT_EQ(chmod((folder_ / "secret").c_str(), 0644), 0);
    testing::internal::CaptureStdout();  // spdlog's own default logger writes there.
    load_or_make_secret(folder_);
    EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("event=secret_exposed"));
}

}  // namespace
}  // namespace globes
