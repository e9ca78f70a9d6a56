#include "base/process.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace globes {
namespace {

double now_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

TEST(ProcessFigures, TheStartTimeIsRecentAndConstant) {
    const double started = process_figures().start_time_s;
    EXPECT_LE(started, now_s());
    EXPECT_GT(started, now_s() - 86'400);
    EXPECT_EQ(process_figures().start_time_s, started);
}

TEST(ProcessFigures, WorkTakesProcessorTime) {
    const double before = process_figures().cpu_s;
    while (process_figures().cpu_s - before < 0.01) {
    }
    EXPECT_GT(process_figures().cpu_s, before);
}

TEST(ProcessFigures, MemoryThatIsUsedIsResident) {
    constexpr std::size_t kBytes = std::size_t{64} << 20;
    const std::uint64_t before = process_figures().resident_bytes;
    // Allocated from the system, because a compiler may remove an allocation that only this test uses.
    void* const used =
        ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    ASSERT_NE(used, MAP_FAILED);
    EXPECT_GE(process_figures().resident_bytes, before + kBytes / 2);
    ::munmap(used, kBytes);
}

TEST(ProcessFigures, AllocatedMemoryCountsUntilItIsFreed) {
    const std::uint64_t before = process_figures().allocated_bytes;
    // Small ones come from an arena, the large one is mapped.
    for (const std::size_t bytes : {std::size_t{1000}, std::size_t{64} << 20}) {
        constexpr std::size_t kCount = 100;
        std::vector<std::unique_ptr<char[]>> used;
        used.reserve(kCount);
        const std::size_t count = bytes > 1000 ? 1 : kCount;
        for (std::size_t index = 0; index < count; ++index) used.push_back(std::make_unique<char[]>(bytes));
        // Other threads of the process may allocate and free a little meanwhile.
        EXPECT_GE(process_figures().allocated_bytes + 50'000, before + count * bytes);
        EXPECT_LE(process_figures().allocated_bytes, before + count * bytes + 100'000);
    }
    EXPECT_LE(process_figures().allocated_bytes, before + 50'000);
}

TEST(ProcessFigures, AnOpenFileCounts) {
    const std::uint64_t before = process_figures().open_fds;
    const int opened = ::dup(0);
    EXPECT_EQ(process_figures().open_fds, before + 1);
    ::close(opened);
    EXPECT_EQ(process_figures().open_fds, before);
    EXPECT_GT(process_figures().max_fds, before);
}

}  // namespace
}  // namespace globes
