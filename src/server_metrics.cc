#include "server_metrics.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/metrics.h"
#include "base/process.h"
#include "base/task_boundary.h"

namespace globes {
namespace {

using enum MetricsText::Kind;
using IoUnits = std::span<const std::unique_ptr<IoUnit>>;

template <class Of>
std::uint64_t sum(IoUnits io_units, Of of) {
    std::uint64_t total = 0;
    for (const auto& unit : io_units) total += of(*unit);
    return total;
}

double seconds_of_us(std::int64_t us) { return static_cast<double>(us) / 1e6; }

void write_build(MetricsText& text) {
    text.begin("globes_build_info", gauge, "Always 1; the label is the running version.");
    text.sample(1, {{"version", GLOBES_VERSION}});
}

void write_connections(MetricsText& text, IoUnits io_units) {
    text.begin("globes_connections", gauge, "Open connections; an upgraded HTTP connection counts as websocket.");
    text.sample(sum(io_units, [](const IoUnit& unit) { return unit.http_connections.value(); }), {{"kind", "http"}});
    text.sample(sum(io_units, [](const IoUnit& unit) { return unit.ws_connections.value(); }), {{"kind", "websocket"}});

    text.begin("globes_http_requests_total", counter, "Answered requests, by the class of their status.");
    constexpr std::string_view kClasses[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    static_assert(std::size(kClasses) == api::IoCounts::kStatusClasses);
    for (int number = 1; number <= api::IoCounts::kStatusClasses; ++number) {
        text.sample(sum(io_units, [number](const IoUnit& unit) { return unit.core_link.counts().requests(number); }),
                    {{"status", kClasses[number - 1]}});
    }
}

void write_address_limits(MetricsText& text, const net::AddressCounts& counts, std::uint64_t wrong_passwords) {
    text.begin("globes_address_refusals_total", counter, "Refusals by the limits of one address, by limit.");
    for (std::size_t limit = 0; limit < net::kAddressLimits; ++limit)
        text.sample(counts.refused[limit].load(std::memory_order_relaxed),
                    {{"limit", net::address_limit_name(static_cast<net::AddressLimit>(limit))}});
    text.sample(counts.open_connections_refused.load(std::memory_order_relaxed), {{"limit", net::kOpenConnections}});
    text.sample(counts.output_refused.load(std::memory_order_relaxed), {{"limit", "unread_bytes"}});
    text.sample(wrong_passwords, {{"limit", "wrong_passwords"}});
}

void write_chat(MetricsText& text, const MetricsSources& sources) {
    text.begin("globes_rooms", gauge, "Rooms, hidden ones included.");
    text.sample(sources.core.rooms.value());
    text.begin("globes_rooms_refused_total", counter, "Rooms that were not created because of MaxRooms.");
    text.sample(sources.core.rooms_refused.value());
    text.begin("globes_members", gauge, "Members of all rooms: connections with a name.");
    text.sample(sources.core.members.value());
    text.begin("globes_messages_stored_total", counter, "Stored messages; each is stored before it is delivered.");
    text.sample(sources.core.sends_stored.value());

    text.begin("globes_events_refused_total", counter, "Refused events, by the code of the error.");
    for (const api::ErrorEntry& error : api::error_table()) {
        const auto refused =
            sum(sources.io_units, [&](const IoUnit& unit) { return unit.core_link.counts().refusals(error.code); });
        // Most codes do not occur in events. The code of a failing store is always present, so that alerts can use it.
        if (refused > 0 || error.code == ErrorCode::unavailable)
            text.sample(refused, {{"code", std::to_string(static_cast<int>(error.code))}});
    }
}

void write_deliveries(MetricsText& text, IoUnits io_units) {
    text.begin("globes_fan_out_sends_total", counter, "Send calls of the fan-out.");
    text.sample(sum(io_units, [](const IoUnit& unit) { return unit.io.counts().sends.value(); }));
    text.begin("globes_fan_out_bytes_total", counter, "Bytes sent by the fan-out.");
    text.sample(sum(io_units, [](const IoUnit& unit) { return unit.io.counts().sent_bytes.value(); }));
    text.begin("globes_slow_readers_closed_total", counter, "WebSockets of slow consumers, closed with 4008.");
    text.sample(sum(io_units, [](const IoUnit& unit) { return unit.io.counts().slow_consumers.value(); }));
}

void write_store(MetricsText& text, const MetricsSources& sources) {
    text.begin("globes_store_reachable", gauge,
               "1 if the store could be read at the time of the scrape, as in /ready; else 0.");
    text.sample(sources.is_store_reachable ? 1 : 0);
    text.begin("globes_store_in_flight", gauge, "Store batches and reads that the store has not answered yet.");
    text.sample(sources.core.in_flight.value());
    text.begin("globes_store_batches_total", counter, "Store batches that were answered, by outcome.");
    text.sample(sources.core.batches_committed.value(), {{"outcome", "committed"}});
    text.sample(sources.core.batches_failed.value(), {{"outcome", "failed"}});
    text.sample(sources.core.batches_unknown.value(), {{"outcome", "unknown"}});
    if (sources.free_disk_bytes) {
        text.begin("globes_disk_free_bytes", gauge, "Free space of the file system with DataDir.");
        text.sample(*sources.free_disk_bytes);
    }
    if (sources.sqlite_bytes) {
        text.begin("globes_sqlite_allocated_bytes", gauge, "Memory of the heap that SQLite uses, mostly for pages.");
        text.sample(*sources.sqlite_bytes);
    }
    text.begin("globes_history_reads_total", counter, "Pages of history read from the store, by reader.");
    text.sample(sum(sources.io_units, [](const IoUnit& unit) { return unit.core_link.counts().history_reads(); }),
                {{"reader", "http"}});
    text.sample(sources.core.replay_reads.value(), {{"reader", "websocket"}});
}

void write_pauses(MetricsText& text, const MetricsSources& sources) {
    text.begin("globes_core_pause_seconds_max", gauge,
               "The longest time since the start in which the core did not check its mailbox.");
    text.sample(seconds_of_us(sources.core_thread.longest_pause_us()));
    text.begin("globes_io_pass_seconds_max", gauge, "The longest loop iteration of an I/O thread since the start.");
    std::int64_t longest = 0;
    for (const auto& unit : sources.io_units) longest = std::max(longest, unit->io.longest_iteration_us());
    text.sample(seconds_of_us(longest));
}

void write_failures(MetricsText& text) {
    text.begin("globes_tasks_failed_total", counter,
               "Tasks that ended with an exception, by the kind of their thread.");
    for (const TaskThread thread : kTaskThreads) text.sample(failed_tasks(thread), {{"where", name_of(thread)}});
}

void write_certificate(MetricsText& text, UnixMicros expires) {
    if (expires == 0) return;
    text.begin("globes_certificate_expires_timestamp_seconds", gauge, "When the certificate expires, in Unix time.");
    text.sample(seconds_of_us(expires));
}

void write_log(MetricsText& text, std::uint64_t dropped_lines) {
    text.begin("globes_log_lines_dropped_total", counter,
               "Lines of the log that were dropped because standard error did not take them.");
    text.sample(dropped_lines);
}

void write_process(MetricsText& text) {
    const ProcessFigures process = process_figures();
    text.begin("globes_allocated_bytes", gauge, "Memory of the heap that is in use.");
    text.sample(process.allocated_bytes);
    text.begin("process_start_time_seconds", gauge, "Start time of the process, in seconds since 1970.");
    text.sample(process.start_time_s);
    text.begin("process_cpu_seconds_total", counter, "Processor time of all threads, user and system.");
    text.sample(process.cpu_s);
    text.begin("process_resident_memory_bytes", gauge, "Resident memory.");
    text.sample(process.resident_bytes);
    text.begin("process_open_fds", gauge, "Open file descriptors.");
    text.sample(process.open_fds);
    text.begin("process_max_fds", gauge, "Limit of open file descriptors.");
    text.sample(process.max_fds);
}

}  // namespace

std::string metrics_text(const MetricsSources& sources) {
    MetricsText text;
    write_build(text);
    write_connections(text, sources.io_units);
    write_address_limits(text, sources.addresses, sources.wrong_passwords_refused);
    write_chat(text, sources);
    write_deliveries(text, sources.io_units);
    write_store(text, sources);
    write_pauses(text, sources);
    write_failures(text);
    write_certificate(text, sources.certificate_expires);
    write_log(text, sources.dropped_log_lines);
    write_process(text);
    return text.text();
}

}  // namespace globes
