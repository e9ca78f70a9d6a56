#include "maintenance/progress.h"

#include <gmock/gmock.h>

namespace globes::maintenance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class SteppedClock final : public Clock {
public:
    UnixMicros now_us() const override { return 0; }
    std::chrono::steady_clock::time_point steady() const override { return now; }
    std::chrono::steady_clock::time_point now = {};
};

class ProgressTest : public testing::Test {
protected:
    SteppedClock clock_;
    std::vector<std::string> shown_;
    const Progress::Write write_ = [this](std::string_view text) { shown_.emplace_back(text); };
};

TEST_F(ProgressTest, OverwritesItsLineAndRemovesIt) {
    {
        Progress progress("export", "events", clock_, write_);
        progress.at_part(1'234'567, 4'000'000);
        clock_.now += 1s;
        progress.at(999);
    }
    EXPECT_THAT(shown_,
                ElementsAre("\r\x1b[Kexport: 1,234,567 events, 30 %", "\r\x1b[Kexport: 999 events", "\r\x1b[K"));
}

TEST_F(ProgressTest, IsShownAFewTimesASecond) {
    Progress progress("export", "events", clock_, write_);
    for (int i = 0; i < 1000; ++i) {
        progress.at_part(1, 2);
        clock_.now += 1ms;
    }
    EXPECT_EQ(shown_.size(), 5);
}

TEST_F(ProgressTest, PrintsNothingAtTheEndIfNothingWasShown) {
    {
        const Progress progress("export", "events", clock_, write_);
    }
    EXPECT_THAT(shown_, IsEmpty());
}

TEST_F(ProgressTest, ShowsNothingWithoutATerminal) {
    Progress progress("export", "events", clock_, nullptr);
    progress.at_part(1, 0);
    progress.at(1, 0.5);
}

TEST_F(ProgressTest, ShowsNoPercentageOfAnUnknownTotal) {
    Progress progress("export", "events", clock_, write_);
    progress.at_part(0, 0);
    EXPECT_THAT(shown_, ElementsAre("\r\x1b[Kexport: 0 events"));
}

}  // namespace
}  // namespace globes::maintenance
