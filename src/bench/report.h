// The result of a run in two forms: a table for people, JSON for scripts. A value and plain functions. Main thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "bench/options.h"
#include "bench/traffic.h"

namespace globes::bench {

struct Report {
    double window_s = 0;
    std::uint64_t deliveries = 0;  ///< In the window, as is the next one.
    std::uint64_t published = 0;
    std::uint64_t other_events = 0;  ///< Joins and leaves received.
    Findings findings;

    std::uint64_t connections = 0;
    double connect_s = 0;

    // Figures of the server; valid if `has_server`.
    bool has_server = false;
    double server_cpu_s = 0;                            ///< In the window.
    std::map<std::string, double> server_thread_cpu_s;  ///< In the window, by thread name.
    double server_cores = 1;                            ///< The cores that it may run on.
    double server_connect_cpu_s = 0;                    ///< While the connections were opened.
    std::int64_t pss_growth_bytes = 0;                  ///< From before the connections to after them.
    std::int64_t rss_growth_bytes = 0;
    std::int64_t end_rss_bytes = 0;

    double client_cpu_share = 0;  ///< Share of the cores it could use, 0..1.

    std::map<int, std::uint64_t> drops;  ///< As Worker::drops.
    std::uint64_t guests = 0;            ///< Guests that joined, over the whole run.
    std::uint64_t failed_guests = 0;

    double deliveries_per_s() const { return static_cast<double>(deliveries) / window_s; }
    double published_per_s() const { return static_cast<double>(published) / window_s; }
    double connects_per_s() const { return connect_s > 0 ? static_cast<double>(connections) / connect_s : 0; }
    /// 0 if there were no deliveries.
    double cpu_us_per_delivery() const;
    double pss_bytes_per_connection() const;
    double rss_bytes_per_connection() const;
    double connect_cpu_us() const;

    /// The client used all of its CPU while the server did not: throughput and latencies are limits of the client.
    bool is_client_bound() const;
    /// All messages arrived at all members, once and in one order, and no connection was dropped or refused.
    bool is_sound() const;
};

std::string to_table(const Options& options, const Report& report);
std::string to_json(const Options& options, const Report& report);

}  // namespace globes::bench
