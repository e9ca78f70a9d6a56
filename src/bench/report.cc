#include "bench/report.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

namespace globes::bench {
namespace {

constexpr int kFloodError = 503;
// A process with a larger share of its cores' time counts as fully busy; the rest is the scheduler's.
constexpr double kBusyShare = 0.9;
constexpr double kFullShare = 0.95;
// With less growth, the one-time cost of a process's first connections outweighs the cost of each connection.
constexpr std::uint64_t kFewConnections = 1000;
constexpr std::array<std::pair<const char*, double>, 4> kQuantiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

double ratio(double amount, std::uint64_t count) { return count == 0 ? 0 : amount / static_cast<double>(count); }

/// 1234567 -> 1,234,567.
std::string grouped(double value) {
    const std::string digits = fmt::format("{:.0f}", value);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

std::string duration(std::uint64_t ns) {
    const auto us = static_cast<double>(ns) / 1e3;
    if (us < 1e3) return fmt::format("{:.0f} µs", us);
    if (us < 1e6) return fmt::format("{:.2f} ms", us / 1e3);
    return fmt::format("{:.2f} s", us / 1e6);
}

class Table {
public:
    void row(std::string_view name, std::string_view value) {
        fmt::format_to(std::back_inserter(text_), "  {:<24}{}\n", name, value);
    }
    void title(std::string_view text) { fmt::format_to(std::back_inserter(text_), "{}\n", text); }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

std::string spread_of(const Histogram& histogram) {
    std::string text;
    for (const auto& [name, q] : kQuantiles) text += fmt::format("{} {}   ", name, duration(histogram.quantile(q)));
    return text + "max " + duration(histogram.max());
}

std::string counts_of(const std::map<int, std::uint64_t>& counts) {
    std::string text;
    for (const auto& [code, count] : counts) text += fmt::format("{}{} x {}", text.empty() ? "" : ", ", code, count);
    return text;
}

void add_scene(Table& table, const Options& options, const Report& report) {
    std::string scene;
    if (options.rooms > 0) {
        scene = fmt::format("{} x {} members, {} senders in each, {}", options.rooms, options.members, options.senders,
                            options.is_open_loop() ? fmt::format("{} messages/s (open loop)", options.rate_per_s)
                                                   : fmt::format("{} in flight (closed loop)", options.window));
        if (options.stalled > 0) scene += fmt::format(", {} stalled in each", options.stalled);
    }
    if (options.idle > 0) scene += fmt::format("{}{} idle", scene.empty() ? "" : ", ", options.idle);
    if (options.churn_per_s > 0) scene += fmt::format(", {} guests a second", options.churn_per_s);
    table.title(scene);
    table.row("connections", fmt::format("{}, {}/s", grouped(static_cast<double>(report.connections)),
                                         grouped(report.connects_per_s())));
}

void add_traffic(Table& table, const Report& report) {
    if (report.other_events > 0) {
        const double per_s = static_cast<double>(report.other_events) / report.window_s;
        table.row("joins, leaves", fmt::format("{}/s received, {} guests joined", grouped(per_s), report.guests));
    }
    if (report.deliveries == 0) return;
    table.row("deliveries", grouped(report.deliveries_per_s()) + "/s");
    table.row("published", grouped(report.published_per_s()) + "/s");
    table.row("latency", spread_of(report.findings.latency_ns));
    table.row("first to last member", spread_of(report.findings.spread_ns));
    if (report.findings.send_lag_ns.count() > 0)
        table.row("client sent late by", spread_of(report.findings.send_lag_ns));
}

void add_server(Table& table, const Report& report) {
    if (!report.has_server) return;
    table.row("server CPU", fmt::format("{:.1f} % of a core", 100 * report.server_cpu_s / report.window_s));
    if (report.deliveries > 0) table.row("  for each delivery", fmt::format("{:.3f} µs", report.cpu_us_per_delivery()));
    table.row("  for each connect", fmt::format("{:.1f} µs", report.connect_cpu_us()));
    std::string memory = fmt::format("{:.1f} MB at the end", static_cast<double>(report.end_rss_bytes) / 1e6);
    if (report.connections >= kFewConnections) {
        memory += fmt::format(", {:.2f} kB for each connection (PSS; RSS {:.2f})",
                              report.pss_bytes_per_connection() / 1e3, report.rss_bytes_per_connection() / 1e3);
    }
    table.row("server memory", memory);
}

void add_verdict(Table& table, const Report& report) {
    const Findings& found = report.findings;
    table.row("client CPU", fmt::format("{:.0f} % of its cores", 100 * report.client_cpu_share));
    if (report.is_client_bound()) {
        table.title(
            "  The client was the bottleneck: the server may be able to handle more. Compare its CPU for each "
            "delivery.");
    }
    table.row("check", fmt::format("{}: {} missing, {} duplicated, {} out of order, {} foreign",
                                   report.is_sound() ? "sound" : "FAULTY", found.missing, found.doubled,
                                   found.reordered, found.foreign));
    if (!report.drops.empty()) table.row("dropped by the server", counts_of(report.drops) + " (close code x times)");
    if (report.failed_guests > 0) table.row("guests refused", fmt::format("{}", report.failed_guests));
    if (!found.errors.empty()) table.row("error events", counts_of(found.errors) + " (code x times)");
    if (found.errors.contains(kFloodError)) {
        table.title(
            "  503 is the rate limit: set \"MessagesPerSecond\": 0 in the server's config.json; this run measured the "
            "limit.");
    }
}

/// `"name":{"p50":…,"max":…}` in µs.
std::string json_of(const char* name, const Histogram& histogram) {
    std::string text = fmt::format(R"("{}":{{)", name);
    for (const auto& [quantile, q] : kQuantiles) {
        text += fmt::format(R"("{}":{:.1f},)", quantile, static_cast<double>(histogram.quantile(q)) / 1e3);
    }
    return text + fmt::format(R"("max":{:.1f}}})", static_cast<double>(histogram.max()) / 1e3);
}

std::string json_of(const char* name, const std::map<int, std::uint64_t>& counts) {
    std::string text;
    for (const auto& [code, count] : counts) text += fmt::format(R"({}"{}":{})", text.empty() ? "" : ",", code, count);
    return fmt::format(R"("{}":{{{}}})", name, text);
}

}  // namespace

double Report::cpu_us_per_delivery() const { return ratio(server_cpu_s * 1e6, deliveries); }
double Report::pss_bytes_per_connection() const { return ratio(static_cast<double>(pss_growth_bytes), connections); }
double Report::rss_bytes_per_connection() const { return ratio(static_cast<double>(rss_growth_bytes), connections); }
double Report::connect_cpu_us() const { return ratio(server_connect_cpu_s * 1e6, connections); }

bool Report::is_client_bound() const {
    const bool server_was_full = has_server && server_cpu_s / window_s >= kFullShare * server_cores;
    return client_cpu_share >= kBusyShare && !server_was_full;
}

bool Report::is_sound() const {
    return findings.missing + findings.doubled + findings.reordered + findings.foreign + failed_guests == 0 &&
           drops.empty() && findings.errors.empty();
}

std::string to_table(const Options& options, const Report& report) {
    Table table;
    add_scene(table, options, report);
    add_traffic(table, report);
    add_server(table, report);
    add_verdict(table, report);
    return table.take();
}

std::string to_json(const Options& options, const Report& report) {
    const Findings& found = report.findings;
    std::string text = fmt::format(
        R"({{"rooms":{},"members":{},"senders":{},"window":{},"rate_per_s":{},"payload":{},"idle":{},"stalled":{},"churn_per_s":{},)",
        options.rooms, options.members, options.senders, options.is_open_loop() ? 0 : options.window,
        options.rate_per_s, options.text_bytes, options.idle, options.stalled, options.churn_per_s);
    text += fmt::format(
        R"("window_s":{:.3f},"deliveries_per_s":{:.1f},"published_per_s":{:.1f},"other_events":{},"guests":{},)",
        report.window_s, report.deliveries_per_s(), report.published_per_s(), report.other_events, report.guests);
    text += json_of("latency_us", found.latency_ns) + "," + json_of("first_to_last_us", found.spread_ns) + "," +
            json_of("send_lag_us", found.send_lag_ns) + ",";
    text += fmt::format(R"("connections":{},"connects_per_s":{:.1f},)", report.connections, report.connects_per_s());
    if (report.has_server) {
        text +=
            fmt::format(R"("server":{{"cpu_us_per_delivery":{:.4f},"cpu_share":{:.4f},"connect_cpu_us":{:.2f},)"
                        R"("pss_bytes_per_connection":{:.1f},"rss_bytes_per_connection":{:.1f},"end_rss_bytes":{},)",
                        report.cpu_us_per_delivery(), report.server_cpu_s / report.window_s, report.connect_cpu_us(),
                        report.pss_bytes_per_connection(), report.rss_bytes_per_connection(), report.end_rss_bytes);
        std::string threads;
        for (const auto& [name, seconds] : report.server_thread_cpu_s)
            threads += fmt::format(R"({}"{}":{:.4f})", threads.empty() ? "" : ",", name, seconds);
        text += fmt::format(R"("thread_cpu_s":{{{}}}}},)", threads);
    }
    text += fmt::format(R"("client":{{"cpu_share":{:.4f},"is_bottleneck":{}}},)", report.client_cpu_share,
                        report.is_client_bound());
    text += fmt::format(
        R"("check":{{"sound":{},"missing":{},"doubled":{},"out_of_order":{},"foreign":{},"failed_guests":{},)",
        report.is_sound(), found.missing, found.doubled, found.reordered, found.foreign, report.failed_guests);
    text += json_of("dropped", report.drops) + "," + json_of("errors", found.errors) + "}}\n";
    return text;
}

}  // namespace globes::bench
