#include "base/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

TEST_F(LineWriterTest, AnUrgentLineTakesThoseBeforeItAlong) {
    LineWriter writer(end());
    writer.add("one\n", false);
    writer.add("two\n", true);
    EXPECT_EQ(read(8), "one\ntwo\n");
}

TEST_F(LineWriterTest, WritesWhatIsQueuedWhenItEnds) {
    {
        LineWriter writer(end());
        writer.add("last\n", false);
    }
    EXPECT_EQ(read(5), "last\n");
}

TEST_F(LineWriterTest, WritesWhatIsQueuedBeforeAFlushEnds) {
    LineWriter writer(end());
    writer.add("one\n", false);
    writer.flush();
    pollfd readable{.fd = source(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&readable, 1, 0), 1);
    EXPECT_EQ(read_some(), "one\n");
    writer.flush();
}

TEST_F(LineWriterTest, DropsLinesRatherThanWait) {
    const std::string line = std::string(1023, 'x') + "\n";
    constexpr std::size_t kLines = 3 * LineWriter::kQueuedBytes / 1024;
    std::uint64_t dropped = 0;
    std::string all;
    {
        // Nobody reads the pipe meanwhile: its 64 KiB, what the thread has taken and the queue fill up.
        LineWriter writer(end());
        for (std::size_t i = 0; i < kLines; ++i) writer.add(line, false);
        dropped = writer.dropped();
        all = read((kLines - dropped) * line.size());
    }
    EXPECT_GE(dropped, LineWriter::kQueuedBytes / 1024 / 2);
    EXPECT_EQ(std::ranges::count(all, '\n'), static_cast<std::ptrdiff_t>(kLines - dropped));
}

TEST_F(LineWriterTest, EndsAlthoughNobodyReads) {
    const std::string line = std::string(1023, 'x') + "\n";
    std::size_t lines = 0;
    {
        LineWriter writer(end());
        for (; lines < 512; ++lines) writer.add(line, true);
    }
    // The thread is left in its write, and goes on where somebody reads after all.
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

TEST(LineWriter, CountsTheLinesThatTheDescriptorRefused) {
    const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    LineWriter writer(fd);
    writer.add("one\n", false);
    writer.add("two\n", true);
    while (writer.dropped() < 2) std::this_thread::yield();
    EXPECT_EQ(writer.dropped(), 2U);
    ::close(fd);
}

}  // namespace
}  // namespace globes
