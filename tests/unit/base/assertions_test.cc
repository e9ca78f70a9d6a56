// Every build that runs tests checks assertions (GLOBES_ASSERTIONS in the presets); only a release build does not.
#include <gtest/gtest.h>

#include <cassert>
#include <cstddef>
#include <vector>

namespace globes {
namespace {

class Assertions : public testing::Test {
protected:
    void SetUp() override {
#ifdef GLOBES_IS_RELEASE
        GTEST_SKIP() << "a release build does not check assertions";
#endif
    }
};

TEST_F(Assertions, AFailedAssertionEndsATestBuild) {
    [[maybe_unused]] const volatile bool holds = false;
    EXPECT_DEATH(assert(holds), "holds");
}

TEST_F(Assertions, TheStandardLibraryChecksItsPreconditions) {
    const std::vector<int> empty;
    const volatile std::size_t index = 0;
    EXPECT_DEATH(static_cast<void>(empty[index]), "__n < this->size\\(\\)");
}

}  // namespace
}  // namespace globes
