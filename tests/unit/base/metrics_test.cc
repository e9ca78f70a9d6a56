#include "base/metrics.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace globes {
namespace {

using enum MetricsText::Kind;

TEST(MetricsText, WritesHelpAndTypeBeforeTheSamples) {
    MetricsText text;
    text.begin("globes_messages_stored_total", counter, "Messages that are in the store.");
    text.sample(17);
    text.begin("globes_rooms", gauge, "Rooms.");
    text.sample(0U);
    EXPECT_EQ(text.text(),
              "# HELP globes_messages_stored_total Messages that are in the store.\n"
              "# TYPE globes_messages_stored_total counter\n"
              "globes_messages_stored_total 17\n"
              "# HELP globes_rooms Rooms.\n"
              "# TYPE globes_rooms gauge\n"
              "globes_rooms 0\n");
}

/// The line of one sample of a metric `m`.
template <class Value>
std::string sample(Value value, MetricsText::Labels labels = {}) {
    MetricsText text;
    text.begin("m", gauge, "");
    const std::size_t begin = text.text().size();
    text.sample(value, labels);
    return text.text().substr(begin);
}

TEST(MetricsText, LabelsKeepTheirOrder) {
    EXPECT_EQ(sample(1, {{"kind", "http"}}), "m{kind=\"http\"} 1\n");
    EXPECT_EQ(sample(1, {{"b", "2"}, {"a", "1"}}), "m{b=\"2\",a=\"1\"} 1\n");
}

TEST(MetricsText, LabelValuesAreEscaped) {
    EXPECT_EQ(sample(1, {{"a", "quote \" backslash \\ end\nß"}}), "m{a=\"quote \\\" backslash \\\\ end\\nß\"} 1\n");
}

TEST(MetricsText, HelpStaysOnOneLine) {
    MetricsText text;
    text.begin("m", gauge, "two\nlines, a \\ and a \"");
    EXPECT_EQ(text.text(), "# HELP m two\\nlines, a \\\\ and a \"\n# TYPE m gauge\n");
}

TEST(MetricsText, NumbersAreExact) {
    EXPECT_EQ(sample(UINT64_MAX), "m 18446744073709551615\n");
    EXPECT_EQ(sample(-1), "m -1\n");
    EXPECT_EQ(sample(0.25), "m 0.25\n");
    EXPECT_EQ(sample(1'748'768'400.5), "m 1748768400.5\n");
}

}  // namespace
}  // namespace globes
