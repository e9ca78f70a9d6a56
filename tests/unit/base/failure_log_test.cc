#include "base/failure_log.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace globes {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines;

class FailureLogTest : public testing::Test {
protected:
    FailureLogTest() { lines.clear(); }

    FailureLog log{{.failed = [](std::string_view cause) { lines.emplace_back(cause); },
                    .recovered = [] { lines.emplace_back("recovered"); }}};
    FailureLog::Time now{};
};

TEST_F(FailureLogTest, LogsTheFirstCauseAndTheRecovery) {
    log.note_success();
    log.note_failure("disk", now);
    log.note_failure("again", now + 10 * FailureLog::kInterval);
    log.note_success();
    log.note_success();
    EXPECT_THAT(lines, ElementsAre("disk", "recovered"));
}

TEST_F(FailureLogTest, FailuresBetweenSuccessesAreLoggedOnceInAWhile) {
    for (int i = 0; i < 1000; ++i) {
        log.note_failure("damaged", now);
        log.note_success();
        now += std::chrono::milliseconds(FailureLog::kInterval) / 100;
    }
    EXPECT_EQ(lines.size(), 2 * 10U);
}

TEST_F(FailureLogTest, AFailureThatBeginsSoonAfterAnotherIsLoggedLater) {
    log.note_failure("first", now);
    log.note_success();
    log.note_failure("second", now + FailureLog::kInterval / 2);
    log.note_failure("second", now + FailureLog::kInterval);
    EXPECT_THAT(lines, ElementsAre("first", "recovered", "second"));
}

}  // namespace
}  // namespace globes
