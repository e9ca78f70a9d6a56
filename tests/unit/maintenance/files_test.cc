// Reading and writing lines, and files that appear under their name only when they are complete.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "maintenance/files.h"

namespace globes::maintenance {
namespace {

using testing::HasSubstr;

class Files : public testing::Test {
protected:
    Files() {
        std::string name = (std::filesystem::temp_directory_path() / "globes-files-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        file_ = folder_ / "file";
    }
    ~Files() override { std::filesystem::remove_all(folder_); }

    static std::string content(const std::filesystem::path& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator(in), {}};
    }
    static void write(const OutputFile& file, std::string_view text) {
        ASSERT_EQ(::write(file.descriptor(), text.data(), text.size()), std::ssize(text));
    }
    static std::string error_of(const std::function<void()>& act) {
        try {
            act();
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "(none)";
    }
    std::vector<std::string> read_lines() const {
        const int fd = ::open(file_.c_str(), O_RDONLY);
        LineReader reader(fd, "in");
        std::vector<std::string> lines;
        while (const auto line = reader.next()) {
            lines.emplace_back(*line);
            EXPECT_EQ(reader.number(), lines.size());
        }
        ::close(fd);
        return lines;
    }

    std::filesystem::path folder_;
    std::filesystem::path file_;
};

TEST_F(Files, LinesAreReadAsTheyWereWritten) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < 5000; ++i) lines.emplace_back(i * 7919 % 1000, static_cast<char>('a' + i % 26));
    lines.emplace_back(LineReader::kMaxLineBytes, 'x');
    lines.emplace_back("the last");
    {
        OutputFile file(file_, Existing::refuse);
        BufferedLineWriter writer(file.descriptor(), "out");
        for (const std::string& line : lines) writer.write(line);
        writer.flush();
        file.finish();
    }
    EXPECT_EQ(read_lines(), lines);
}

TEST_F(Files, AByteOrderMarkIsNotPartOfTheFirstLine) {
    std::ofstream(file_) << "\xEF\xBB\xBFone\n\xEF\xBB\xBFtwo";
    EXPECT_EQ(read_lines(), (std::vector<std::string>{"one", "\xEF\xBB\xBFtwo"}));
    std::ofstream(file_) << "\xEF\xBB\xBF";
    EXPECT_TRUE(read_lines().empty());
}

TEST_F(Files, LinesInAnotherEncodingAreRefused) {
    using namespace std::string_literals;
    for (const std::string& text : {"\xFF\xFE{\0}\0\n\0"s, "\0{\0}"s}) {
        std::ofstream(file_) << text;
        EXPECT_EQ(error_of([this] { read_lines(); }), "in: is UTF-16, must be UTF-8");
    }
}

TEST_F(Files, AFileOfAnotherFormatIsNamed) {
    using namespace std::string_literals;
    std::ofstream(file_) << "\x4B\0\0\0\x07_id\0"s;
    EXPECT_EQ(error_of([this] { read_lines(); }),
              "in: is BSON, as mongodump writes it: convert it to JSON with bsondump first");
    std::ofstream(file_) << "\x1F\x8B\x08\0"s;
    EXPECT_EQ(error_of([this] { read_lines(); }), "in: is compressed: decompress it with gunzip first");
}

TEST_F(Files, PeekingReadsNothing) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < 5000; ++i) lines.emplace_back(i * 7919 % 1000, static_cast<char>('a' + i % 26));
    std::ofstream out(file_);
    for (const std::string& line : lines) out << line << '\n';
    out.close();
    const int fd = ::open(file_.c_str(), O_RDONLY);
    LineReader reader(fd, "in");
    std::vector<std::string> read;
    while (const auto line = reader.next()) {
        read.emplace_back(*line);
        if (read.size() % 500 != 1) continue;
        std::vector<std::string> ahead = read;
        reader.look_ahead([&](std::string_view one) { return ahead.emplace_back(one), ahead.size() < 4000; });
        EXPECT_EQ(ahead, std::vector(lines.begin(), lines.begin() + std::ssize(ahead)));
        EXPECT_EQ(ahead.size(), std::max<std::size_t>(4000, read.size() + 1));
        EXPECT_EQ(reader.number(), read.size());
    }
    EXPECT_EQ(read, lines);
    ::close(fd);
}

TEST_F(Files, TheLastLineNeedsNoLineBreak) {
    std::ofstream(file_) << "one\n\nthree";
    EXPECT_EQ(read_lines(), (std::vector<std::string>{"one", "", "three"}));
    std::ofstream{file_};
    EXPECT_TRUE(read_lines().empty());
}

TEST_F(Files, ALineThatIsTooLongIsNotRead) {
    std::ofstream(file_) << "one\n" << std::string(100 * LineReader::kMaxLineBytes, 'x');
    EXPECT_EQ(error_of([&] { read_lines(); }), "in: line 2: is longer than 262144 bytes");
}

TEST_F(Files, AFullDiskIsReported) {
    const int fd = ::open("/dev/full", O_WRONLY);
    BufferedLineWriter writer(fd, "out");
    writer.write("line");
    EXPECT_EQ(error_of([&] { writer.flush(); }), "out: cannot be written: No space left on device");
    ::close(fd);
}

TEST_F(Files, AFileAppearsWhenItIsCompleteForItsUserOnly) {
    OutputFile file(file_, Existing::refuse);
    write(file, "half");
    EXPECT_FALSE(std::filesystem::exists(file_));
    write(file, " and half");
    file.finish();
    EXPECT_EQ(content(file_), "half and half");
    EXPECT_FALSE(std::filesystem::exists(file.partial()));
    struct stat status{};
    ASSERT_EQ(::stat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600);
}

TEST_F(Files, ALinkAtTheTemporaryNameIsNotFollowed) {
    const auto other = folder_ / "other";
    const auto partial = file_.string() + ".partial";
    const std::string expected = partial + ": is a link or another user's file; remove it";
    std::ofstream(other) << "must stay";
    for (const auto existing : {Existing::refuse, Existing::replace}) {
        std::filesystem::create_symlink(other, partial);
        EXPECT_EQ(error_of([&] { OutputFile(file_, existing); }), expected);
        std::filesystem::remove(partial);
        std::filesystem::create_hard_link(other, partial);
        EXPECT_EQ(error_of([&] { OutputFile(file_, existing); }), expected);
        std::filesystem::remove(partial);
    }
    EXPECT_EQ(content(other), "must stay");
    std::filesystem::create_symlink(folder_ / "nothing", partial);
    EXPECT_EQ(error_of([&] { OutputFile(file_, Existing::refuse); }), expected);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "nothing"));
}

TEST_F(Files, OnlyAnOwnFileIsTakenForALeftover) {
    const auto partial = file_.string() + ".partial";
    ASSERT_EQ(::mkfifo(partial.c_str(), 0600), 0);
    EXPECT_THAT(error_of([&] { OutputFile(file_, Existing::refuse); }), HasSubstr("remove it"));
    std::filesystem::remove(partial);
    std::ofstream(partial) << "of another user";
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(partial.c_str(), 65534, 65534), 0);
        EXPECT_THAT(error_of([&] { OutputFile(file_, Existing::refuse); }), HasSubstr("remove it"));
        ASSERT_EQ(::chown(partial.c_str(), 0, 0), 0);
    }
    OutputFile file(file_, Existing::refuse);
    write(file, "new");
    file.finish();
    EXPECT_EQ(content(file_), "new");
}

TEST_F(Files, AFileThatIsNotFinishedLeavesNothingBehind) {
    {
        const OutputFile file(file_, Existing::refuse);
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(Files, AnExistingFileIsReplacedOnlyOnRequestAndAtTheEnd) {
    std::ofstream(file_) << "old";
    EXPECT_EQ(error_of([&] { OutputFile(file_, Existing::refuse); }),
              file_.string() + ": exists already; --force overwrites it");
    OutputFile file(file_, Existing::replace);
    write(file, "new");
    EXPECT_EQ(content(file_), "old");
    file.finish();
    EXPECT_EQ(content(file_), "new");
}

TEST_F(Files, AFileThatWasCreatedMeanwhileIsNotReplaced) {
    OutputFile file(file_, Existing::refuse);
    write(file, "new");
    std::ofstream(file_) << "somebody's";
    EXPECT_THAT(error_of([&] { file.finish(); }), HasSubstr("exists already"));
    EXPECT_EQ(content(file_), "somebody's");
}

TEST_F(Files, TwoProcessesDoNotWriteOneFile) {
    const OutputFile file(file_, Existing::refuse);
    EXPECT_EQ(error_of([&] { OutputFile(file_, Existing::refuse); }),
              file_.string() + ".partial: another process is writing it");
}

TEST_F(Files, ThePartialFileOfAKilledProcessIsOverwritten) {
    std::ofstream(file_.string() + ".partial") << "a long beginning of something";
    OutputFile file(file_, Existing::refuse);
    write(file, "new");
    file.finish();
    EXPECT_EQ(content(file_), "new");
}

TEST_F(Files, AFileThatWasRemovedOrReplacedMeanwhileIsAnError) {
    const std::string partial = file_.string() + ".partial";
    for (const Existing existing : {Existing::refuse, Existing::replace}) {
        OutputFile removed(file_, existing);
        write(removed, "new");
        std::filesystem::remove(partial);
        EXPECT_EQ(error_of([&] { removed.finish(); }), partial + ": was removed or replaced while it was written");
        OutputFile replaced(file_, existing);
        write(replaced, "new");
        std::filesystem::remove(partial);
        std::ofstream(partial) << "somebody's";
        EXPECT_EQ(error_of([&] { replaced.finish(); }), partial + ": was removed or replaced while it was written");
        EXPECT_FALSE(std::filesystem::exists(file_));
    }
}

}  // namespace
}  // namespace globes::maintenance
