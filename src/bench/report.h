// The result of a run and its two forms: a table for people, JSON for scripts.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "bench/options.h"
#include "bench/traffic.h"

namespace globes::bench {

struct Report {
    double window_s = 0;
    std::uint64_t deliveries = 0;  ///< In the window, as the next one.
    std::uint64_t published = 0;
    std::uint64_t other_events = 0;  ///< Joins and leaves received.
    Findings findings;

    std::uint64_t connections = 0;
    double connect_s = 0;

    // Of the server; meaningful where `has_server`.
    bool has_server = false;
    double server_cpu_s = 0;                            ///< In the window.
    std::map<std::string, double> server_thread_cpu_s;  ///< In the window, by the names of its threads.
    double server_cores = 1;                            ///< That it may run on.
    double server_connect_cpu_s = 0;                    ///< While the connections were opened.
    std::int64_t pss_growth_bytes = 0;                  ///< From before the connections to after them.
    std::int64_t rss_growth_bytes = 0;
    std::int64_t end_rss_bytes = 0;

    double client_cpu_share = 0;  ///< Of the cores it could use, 0..1.

    std::map<int, std::uint64_t> drops;  ///< As Worker::drops.
    std::uint64_t guests = 0;            ///< That came in, over the whole run.
    std::uint64_t failed_guests = 0;

    double deliveries_per_s() const { return static_cast<double>(deliveries) / window_s; }
    double published_per_s() const { return static_cast<double>(published) / window_s; }
    double connects_per_s() const { return connect_s > 0 ? static_cast<double>(connections) / connect_s : 0; }
    /// 0 where nothing was delivered.
    double cpu_us_per_delivery() const;
    double pss_bytes_per_connection() const;
    double rss_bytes_per_connection() const;
    double connect_cpu_us() const;

    /// The client had no time left while the server had: throughput and latencies are the client's own.
    bool is_client_bound() const;
    /// All that was sent arrived everywhere, once, in one order, and nobody was dropped or refused.
    bool is_sound() const;
};

std::string to_table(const Options& options, const Report& report);
std::string to_json(const Options& options, const Report& report);

}  // namespace globes::bench
