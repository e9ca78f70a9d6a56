#include "base/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>

namespace globes {
namespace {

class LineWriterTest : public testing::Test {
protected:
    LineWriterTest() {
        if (::pipe2(fds_.data(), O_CLOEXEC) != 0) std::abort();
    }
    ~LineWriterTest() override {
        ::close(fds_[0]);
        ::close(fds_[1]);
    }
    int source() const { return fds_[0]; }
    int end() const { return fds_[1]; }
    /// Waits for the next bytes.
    std::string read_some() {
        std::string bytes(128 << 10, '\0');
        const ssize_t got = ::read(fds_[0], bytes.data(), bytes.size());
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }
    std::string read(std::size_t size) {
        std::string bytes;
        while (bytes.size() < size) bytes += read_some();
        return bytes;
    }

private:
    std::array<int, 2> fds_{};
};

TEST_F(LineWriterTest, WritesLinesInTheirOrder) {
    LineWriter writer(end());
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        const std::string line = std::to_string(i) + "\n";
        writer.add(line, false);
        expected += line;
    }
    EXPECT_EQ(read(expected.size()), expected);
    EXPECT_EQ(writer.dropped(), 0U);
}

TEST_F(LineWriterTest, AnUrgentLineFlushesTheLinesBeforeIt) {
    LineWriter writer(end());
    writer.add("one\n", false);
    writer.add("two\n", true);
    EXPECT_EQ(read(8), "one\ntwo\n");
}

TEST_F(LineWriterTest, TheDestructorWritesQueuedLines) {
    {
        LineWriter writer(end());
        writer.add("last\n", false);
    }
    EXPECT_EQ(read(5), "last\n");
}

TEST_F(LineWriterTest, FlushWritesQueuedLines) {
    LineWriter writer(end());
    writer.add("one\n", false);
    writer.flush();
    pollfd readable{.fd = source(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&readable, 1, 0), 1);
    EXPECT_EQ(read_some(), "one\n");
    writer.flush();
}

/// A line of 1 KiB.
std::string numbered(std::size_t number) {
    std::string line = std::to_string(number);
    line.resize(1023, '.');
    return line + '\n';
}

std::string numbered(std::size_t begin, std::size_t end) {
    std::string lines;
    for (; begin < end; ++begin) lines += numbered(begin);
    return lines;
}

std::string dropped_line(std::uint64_t lines) { return "dropped " + std::to_string(lines) + '\n'; }

/// The pipe has space for half of kLongLine, so a writer of that line has written a part and blocks.
class StuckLineWriterTest : public LineWriterTest {
protected:
    static constexpr int kPipeBytes = 4096;
    static constexpr std::size_t kQueuedLines = LineWriter::kQueuedBytes / 1024;

    StuckLineWriterTest() {
        if (::fcntl(end(), F_SETPIPE_SZ, kPipeBytes) != kPipeBytes) std::abort();
    }
    void get_stuck(LineWriter& writer) {
        writer.add(long_line_, true);
        for (int readable = 0; readable < kPipeBytes; ::ioctl(source(), FIONREAD, &readable)) std::this_thread::yield();
    }

    const std::string long_line_ = std::string(2 * kPipeBytes - 1, '>') + '\n';
};

TEST_F(StuckLineWriterTest, KeepsAsManyLinesAsFitIntoTheQueue) {
    LineWriter writer(end(), dropped_line);
    get_stuck(writer);
    for (std::size_t i = 0; i < kQueuedLines; ++i) writer.add(numbered(i), false);
    EXPECT_EQ(writer.dropped(), 0U);
    const std::string expected = long_line_ + numbered(0, kQueuedLines);
    EXPECT_TRUE(read(expected.size()) == expected);
}

TEST_F(StuckLineWriterTest, DropsTheOldestLinesAndReportsTheirNumberInTheirPlace) {
    LineWriter writer(end(), dropped_line);
    get_stuck(writer);
    for (std::size_t i = 0; i < kQueuedLines + 700; ++i) writer.add(numbered(i), false);
    EXPECT_EQ(writer.dropped(), 700U);
    const std::string expected = long_line_ + dropped_line(700) + numbered(700, kQueuedLines + 700);
    EXPECT_TRUE(read(expected.size()) == expected);

    writer.add("later\n", true);
    EXPECT_EQ(read(6), "later\n") << "drops are reported once";
}

TEST_F(StuckLineWriterTest, DropsAsManyOldLinesAsANewOneNeeds) {
    LineWriter writer(end(), dropped_line);
    get_stuck(writer);
    const std::string large = std::string(LineWriter::kQueuedBytes - 1024 - 1, '#') + '\n';
    for (std::size_t i = 0; i < kQueuedLines; ++i) writer.add(numbered(i), false);
    writer.add(large, false);
    EXPECT_EQ(writer.dropped(), kQueuedLines - 1);
    const std::string expected = long_line_ + dropped_line(kQueuedLines - 1) + numbered(kQueuedLines - 1) + large;
    EXPECT_TRUE(read(expected.size()) == expected);
}

TEST_F(StuckLineWriterTest, DropsOnlyALineThatIsLargerThanTheQueue) {
    LineWriter writer(end(), dropped_line);
    get_stuck(writer);
    writer.add("before\n", false);
    writer.add(std::string(LineWriter::kQueuedBytes, '#') + '\n', true);
    EXPECT_EQ(writer.dropped(), 1U);
    const std::string expected = long_line_ + dropped_line(1) + "before\n";
    EXPECT_EQ(read(expected.size()), expected);
}

TEST_F(StuckLineWriterTest, TheDestructorReportsDroppedLines) {
    {
        LineWriter writer(end(), dropped_line);
        get_stuck(writer);
        for (std::size_t i = 0; i < 2 * kQueuedLines; ++i) writer.add(numbered(i), false);
    }
    const std::string expected = long_line_ + dropped_line(kQueuedLines) + numbered(kQueuedLines, 2 * kQueuedLines);
    EXPECT_TRUE(read(expected.size()) == expected);
}

TEST_F(StuckLineWriterTest, FinishesALineThatTheDescriptorTookInPart) {
    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    std::array<int, 2> broken{};
    ASSERT_EQ(::pipe2(broken.data(), O_CLOEXEC), 0);
    ASSERT_EQ(::fcntl(broken[1], F_SETPIPE_SZ, kPipeBytes), kPipeBytes);
    {
        LineWriter writer(broken[1], dropped_line);
        writer.add(long_line_, true);
        for (int taken = 0; taken < kPipeBytes; ::ioctl(broken[0], FIONREAD, &taken)) std::this_thread::yield();
        writer.add("lost\n", true);
        ::close(broken[0]);
        while (writer.dropped() < 1) std::this_thread::yield();
        ::dup2(end(), broken[1]);
        const std::string expected = long_line_.substr(kPipeBytes) + dropped_line(1);
        EXPECT_EQ(read(expected.size()), expected);
        EXPECT_EQ(writer.dropped(), 1U);
    }
    ::close(broken[1]);
    std::signal(SIGPIPE, before);
}

TEST_F(LineWriterTest, EndsAlthoughTheDescriptorIsNotRead) {
    const std::string line = std::string(1023, 'x') + "\n";
    std::size_t lines = 0;
    {
        LineWriter writer(end());
        for (; lines < 512; ++lines) writer.add(line, true);
    }
    // The thread stays blocked in its write, and continues if the descriptor is read later.
    EXPECT_EQ(read(lines * line.size()).size(), lines * line.size());
}

TEST_F(LineWriterTest, WaitsForADescriptorThatDoesNotBlock) {
    ::fcntl(end(), F_SETFL, O_NONBLOCK);
    const std::string line = std::string(1023, 'x') + "\n";
    LineWriter writer(end());
    for (int i = 0; i < 512; ++i) writer.add(line, true);
    EXPECT_EQ(read(512 * line.size()).size(), 512 * line.size());
    EXPECT_EQ(writer.dropped(), 0U);
}

TEST_F(LineWriterTest, ReportsLinesThatTheDescriptorRefusedAlthoughNoOtherLineFollows) {
    const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    {
        LineWriter writer(fd, dropped_line);
        writer.add("one\n", false);
        writer.add("two\n", true);
        while (writer.dropped() < 2) std::this_thread::yield();
        ::dup2(end(), fd);
        EXPECT_EQ(read(dropped_line(2).size()), dropped_line(2));
        EXPECT_EQ(writer.dropped(), 2U);
    }
    ::close(fd);
}

}  // namespace
}  // namespace globes
