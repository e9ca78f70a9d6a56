#include "bench/report.h"

#include <gtest/gtest.h>

#include <string>

using namespace globes::bench;

namespace {

/// A run of one second without any fault.
Report sound_report() {
    Report report;
    report.window_s = 1;
    report.deliveries = 1'000'000;
    report.published = 10'000;
    report.connections = 2000;
    report.connect_s = 0.5;
    report.has_server = true;
    report.server_cpu_s = 0.5;
    report.pss_growth_bytes = 3'000'000;
    return report;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST(Report, GivesTheServersCostForEachDeliveryAndConnection) {
    const Report report = sound_report();
    EXPECT_DOUBLE_EQ(report.cpu_us_per_delivery(), 0.5);
    EXPECT_DOUBLE_EQ(report.pss_bytes_per_connection(), 1500);
    EXPECT_DOUBLE_EQ(report.connects_per_s(), 4000);
    const std::string table = to_table(Options(), report);
    EXPECT_TRUE(contains(table, "1,000,000/s")) << table;
    EXPECT_TRUE(contains(table, "0.500 µs")) << table;
    EXPECT_TRUE(contains(table, "1.50 kB for each connection")) << table;
    EXPECT_TRUE(contains(table, "sound")) << table;
}

TEST(Report, AnyFaultMakesItUnsound) {
    EXPECT_TRUE(sound_report().is_sound());
    for (auto fault : {&Findings::missing, &Findings::doubled, &Findings::reordered, &Findings::foreign}) {
        Report report = sound_report();
        report.findings.*fault = 1;
        EXPECT_FALSE(report.is_sound());
        EXPECT_TRUE(contains(to_table(Options(), report), "FAULTY"));
        EXPECT_TRUE(contains(to_json(Options(), report), R"("sound":false)"));
    }
    Report dropped = sound_report();
    dropped.drops[4008] = 1;
    EXPECT_FALSE(dropped.is_sound());
}

TEST(Report, ReportsThatTheFloodLimitIsOn) {
    Report report = sound_report();
    EXPECT_FALSE(contains(to_table(Options(), report), "MessagesPerSecond"));
    report.findings.errors[503] = 7;
    EXPECT_TRUE(contains(to_table(Options(), report), R"("MessagesPerSecond": 0)"));
    EXPECT_FALSE(report.is_sound());
}

TEST(Report, BlamesTheClientOnlyIfTheServerWasNotBusy) {
    Report report = sound_report();
    EXPECT_FALSE(report.is_client_bound());
    report.client_cpu_share = 0.97;
    EXPECT_TRUE(report.is_client_bound());
    EXPECT_TRUE(contains(to_table(Options(), report), "The client was the bottleneck"));
    report.server_cpu_s = 0.99;
    EXPECT_FALSE(report.is_client_bound());
    report.server_cores = 2;
    EXPECT_TRUE(report.is_client_bound());
}
