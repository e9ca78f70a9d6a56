#include "bench/run.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/process_probe.h"
#include "bench/socket.h"
#include "bench/worker.h"

namespace globes::bench {
namespace {

// Concurrent requests, each on its own connection, so that a server with group commit can batch them.
constexpr std::size_t kParallel = 64;

/// Unique titles: they must not collide with those of an earlier or a concurrent run.
std::string run_tag() {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    return fmt::format("{:x}-{:x}", std::chrono::duration_cast<std::chrono::milliseconds>(time).count(), ::getpid());
}

void send_create(const Socket& socket, const Options& options, const std::string& title) {
    const std::string body = fmt::format(R"({{"title":"{}","visibility":"public"}})", title);
    const std::string request = fmt::format(
        "POST /chats HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        options.host, options.port, body.size(), body);
    if (socket.send(request) != static_cast<ssize_t>(request.size())) {
        throw std::runtime_error("the server closed the connection while rooms were created");
    }
}

/// The value of a header, whose name is given in lower case with its colon; empty if it is absent.
std::string_view header_value(std::string_view head, std::string_view lower_name) {
    const auto same = [](char in_head, char in_name) {
        return (in_head >= 'A' && in_head <= 'Z' ? in_head + ('a' - 'A') : in_head) == in_name;
    };
    const auto found = std::ranges::search(head, lower_name, same);
    if (found.empty()) return {};
    std::string_view rest(found.end(), head.end());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return rest.substr(0, rest.find('\r'));
}

/// Reads one answer to its end and returns the id of the new room.
std::string receive_created(const Socket& socket) {
    std::string answer;
    std::size_t needed = std::string::npos;
    while (answer.size() < needed) {
        char buffer[4096];
        const ssize_t n = socket.receive(buffer);
        if (n <= 0) throw std::runtime_error("the server closed the connection instead of creating a room");
        answer.append(buffer, static_cast<std::size_t>(n));
        const std::size_t head = answer.find("\r\n\r\n");
        if (needed == std::string::npos && head != std::string::npos) {
            const auto length = header_value(std::string_view(answer).substr(0, head), "content-length:");
            std::size_t body = 0;
            std::from_chars(length.data(), length.data() + length.size(), body);
            needed = head + 4 + body;
        }
    }
    const std::string_view location = header_value(answer, "location: /chats/");
    if (!answer.starts_with("HTTP/1.1 201") || location.empty()) {
        throw std::runtime_error("POST /chats was refused (use --protocol plain for servers other than Globes):\n" +
                                 answer);
    }
    return std::string(location);
}

std::vector<std::string> create_rooms(const Options& options, std::size_t count) {
    const sockaddr_in server = make_endpoint(options.host, options.port);
    std::vector<Socket> sockets;
    sockets.reserve(std::min(count, kParallel));
    for (std::size_t i = 0; i < std::min(count, kParallel); ++i) {
        sockets.push_back(connect_blocking(server));
        if (options.with_tls) sockets.back().use_tls();
    }
    const std::string tag = run_tag();
    std::vector<std::string> ids;
    ids.reserve(count);
    while (ids.size() < count) {
        const std::size_t round = std::min(count - ids.size(), sockets.size());
        for (std::size_t i = 0; i < round; ++i)
            send_create(sockets[i], options, fmt::format("bench {} {}", tag, ids.size() + i));
        for (std::size_t i = 0; i < round; ++i) ids.push_back(receive_created(sockets[i]));
    }
    return ids;
}

using std::chrono::milliseconds;

constexpr std::uint32_t kPortsOfAddress = 25'000;
constexpr rlim_t kOtherFiles = 128;
constexpr std::int64_t kOpeningPatienceNs = 10'000'000'000;
// After the last upgrade the server may still be working on it; the memory is measured after this time.
constexpr milliseconds kSettling{400};

void raise_file_limit(std::uint64_t connections) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < connections + kOtherFiles) {
        throw std::runtime_error(fmt::format("{} connections need as many file descriptors, but ulimit -n allows {}",
                                             connections, limit.rlim_cur));
    }
}

/// Distributes connections evenly: every worker gets its share of every room.
std::vector<WorkPlan> make_plans(const Options& options) {
    std::vector<WorkPlan> plans(options.threads);
    const double threads = options.threads;
    const auto automatic = static_cast<std::uint32_t>(options.connections() / kPortsOfAddress + 1);
    for (std::uint32_t i = 0; i < options.threads; ++i) {
        plans[i].index = i;
        plans[i].guests = (options.guest_seats() + options.threads - 1) / options.threads;
        plans[i].handshakes = std::max(1u, options.handshakes / options.threads);
        plans[i].sources = options.sources > 0 ? options.sources : automatic;
        plans[i].ramp_per_s = options.ramp_per_s / threads;
        plans[i].churn_per_s = options.churn_per_s / threads;
    }
    std::size_t dealt = 0;
    const auto deal = [&](Role role, std::uint32_t room, std::int64_t sender_index) {
        plans[dealt++ % plans.size()].connections.push_back({role, room, sender_index});
    };
    // One connection of each room after another, so that the senders are distributed over the rooms' sockets as in
    // practice.
    for (std::uint32_t rank = 0; rank < options.members; ++rank) {
        for (std::uint32_t room = 0; room < options.rooms; ++room) {
            deal(Role::member, room, rank < options.senders ? std::int64_t{rank} : -1);
        }
    }
    for (std::uint32_t room = 0; room < options.rooms; ++room) {
        for (std::uint32_t i = 0; i < options.stalled; ++i) deal(Role::stalled, room, -1);
    }
    for (std::uint32_t i = 0; i < options.idle; ++i) deal(Role::idle, options.rooms, -1);
    const double rate_of_sender = options.senders > 0 ? options.rate_per_s / options.senders : 0;
    for (WorkPlan& plan : plans) {
        const auto talks = [](const WorkPlan::ConnectionPlan& connection) { return connection.sender_index >= 0; };
        plan.rate_per_s = rate_of_sender * static_cast<double>(std::ranges::count_if(plan.connections, talks));
    }
    return plans;
}

/// The workers with their threads, and their summed counters.
class Crew {
public:
    Crew(const Options& options, std::vector<std::string> rooms) : state_(options, std::move(rooms)) {
        for (WorkPlan& plan : make_plans(options))
            workers_.push_back(std::make_unique<Worker>(state_, std::move(plan)));
    }
    ~Crew() { stop(); }

    void start() {
        for (auto& worker : workers_) threads_.emplace_back([&worker] { worker->run(); });
    }
    void stop() {
        state_.phase = Phase::stopping;
        threads_.clear();
    }

    std::uint64_t sum(Counter Counters::* counter) const {
        std::uint64_t total = 0;
        for (const auto& worker : workers_) total += (worker->counters().*counter).value();
        return total;
    }

    RunState& state() { return state_; }
    std::vector<std::unique_ptr<Worker>>& workers() { return workers_; }

private:
    RunState state_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::jthread> threads_;
};

/// The progress line, which is rewritten during a run; not shown if stderr is not a terminal.
class Progress {
public:
    explicit Progress(const Options& options)
        : is_shown_(!options.is_quiet && ::isatty(STDERR_FILENO) == 1), pid_(options.server_pid) {}
    ~Progress() {
        if (is_shown_) fmt::print(stderr, "\r\x1b[K");
    }

    void show(const char* phase, const Crew& crew) {
        const std::int64_t now = now_ns();
        const double elapsed_s = static_cast<double>(now - last_ns_) / 1e9;
        if (!is_shown_ || elapsed_s < 0.25) return;
        const std::uint64_t deliveries = crew.sum(&Counters::deliveries);
        const std::uint64_t published = crew.sum(&Counters::published);
        const std::int64_t server_ns = pid_ > 0 ? cpu_time_ns(pid_) : 0;
        const std::int64_t client_ns = cpu_time_ns(::getpid());
        fmt::print(stderr, "\r\x1b[K{:<9} {:>6} open  {:>9.0f} deliveries/s  {:>7.0f} published/s  client {:>3.0f} %",
                   phase, crew.sum(&Counters::opened), static_cast<double>(deliveries - deliveries_) / elapsed_s,
                   static_cast<double>(published - published_) / elapsed_s, share(client_ns - client_ns_, elapsed_s));
        if (pid_ > 0) fmt::print(stderr, "  server {:>3.0f} %", share(server_ns - server_ns_, elapsed_s));
        std::fflush(stderr);
        last_ns_ = now;
        deliveries_ = deliveries;
        published_ = published;
        server_ns_ = server_ns;
        client_ns_ = client_ns;
    }

private:
    static double share(std::int64_t cpu_ns, double elapsed_s) { return static_cast<double>(cpu_ns) / 1e7 / elapsed_s; }

    bool is_shown_;
    int pid_;
    std::int64_t last_ns_ = now_ns();
    std::uint64_t deliveries_ = 0;
    std::uint64_t published_ = 0;
    std::int64_t server_ns_ = 0;
    std::int64_t client_ns_ = cpu_time_ns(::getpid());
};

void wait_until_open(Crew& crew, std::uint64_t planned, Progress& progress) {
    std::uint64_t opened = 0;
    std::int64_t last_change_ns = now_ns();
    while (opened < planned && crew.sum(&Counters::failed) == 0) {
        std::this_thread::sleep_for(milliseconds(5));
        const std::uint64_t now_open = crew.sum(&Counters::opened);
        if (now_open != opened) last_change_ns = now_ns();
        opened = now_open;
        progress.show("opening", crew);
        if (now_ns() - last_change_ns > kOpeningPatienceNs) break;
    }
    if (opened == planned) return;
    crew.stop();
    std::string reason = "no answer";
    for (const auto& worker : crew.workers()) {
        if (!worker->first_refusal().empty()) reason = worker->first_refusal();
    }
    throw std::runtime_error(
        fmt::format("opened {} of {} connections; the first failure: {}", opened, planned, reason));
}

void sleep_showing(double seconds, const char* phase, Crew& crew, Progress& progress) {
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (std::int64_t left = end - now_ns(); left > 0; left = end - now_ns()) {
        std::this_thread::sleep_for(
            std::min(std::chrono::nanoseconds(left), std::chrono::nanoseconds(milliseconds(100))));
        progress.show(phase, crew);
    }
}

/// Waits until all messages have arrived everywhere, or nothing arrives any more.
void drain(Crew& crew, const Options& options, Progress& progress) {
    std::uint64_t received = 0;
    std::int64_t last_change_ns = now_ns();
    while (static_cast<double>(now_ns() - last_change_ns) < options.drain_s * 1e9) {
        // Also counts a message that was being composed when the phase changed.
        std::this_thread::sleep_for(milliseconds(50));
        const std::uint64_t now_received = crew.sum(&Counters::resident_deliveries);
        if (now_received != received) last_change_ns = now_ns();
        received = now_received;
        const std::uint64_t sent = crew.sum(&Counters::published) - crew.sum(&Counters::refused);
        if (received == sent * options.members) return;
        progress.show("draining", crew);
    }
}

/// The members of a room are distributed over all workers, and each worker has a log of it.
std::uint64_t count_disagreements(Crew& crew, std::uint32_t rooms) {
    std::uint64_t count = 0;
    const auto& first = crew.workers().front()->traffic().orders();
    for (const auto& worker : crew.workers()) {
        for (std::uint32_t room = 0; room < rooms; ++room) {
            const RoomOrder& order = worker->traffic().orders()[room];
            count += order.residents() > 0 && first[room].residents() > 0 && !order.agrees_with(first[room]);
        }
    }
    return count;
}

void collect(Crew& crew, const Options& options, Report& report) {
    for (auto& worker : crew.workers()) {
        report.findings.merge(worker->findings());
        for (const auto& [code, count] : worker->drops()) report.drops[code] += count;
    }
    report.findings.reordered += count_disagreements(crew, options.rooms);
    report.deliveries = crew.sum(&Counters::window_deliveries);
    report.published = crew.sum(&Counters::window_published);
    report.other_events = crew.sum(&Counters::window_other_events);
    report.guests = crew.sum(&Counters::guests);
    report.failed_guests = crew.sum(&Counters::failed);
}

}  // namespace

std::string room_path(const Options& options, std::string_view room) {
    std::string path = options.path;
    const std::size_t at = path.find("{room}");
    return at == std::string::npos ? path : path.replace(at, std::strlen("{room}"), room);
}

std::vector<std::string> prepare_rooms(const Options& options) {
    const std::size_t entered = options.rooms + (options.idle > 0 ? 1u : 0u);
    std::vector<std::string> rooms;
    if (options.protocol == Protocol::globes) {
        rooms = create_rooms(options, entered + options.empty_rooms);
        rooms.resize(entered);
    } else {
        const std::string tag = run_tag();
        for (std::size_t i = 0; i < entered; ++i) rooms.push_back(fmt::format("{}-{}", tag, i));
    }
    return rooms;
}

Report run(const Options& options) {
    raise_file_limit(options.connections());
    const auto server_cpu = [&] { return options.server_pid > 0 ? cpu_time_ns(options.server_pid) : -1; };
    Report report;
    Crew crew(options, prepare_rooms(options));
    report.has_server = server_cpu() >= 0;
    if (options.server_pid > 0 && !report.has_server) throw std::runtime_error("--pid: the process does not exist");
    Progress progress(options);

    const MemoryUse memory_before = memory_use(options.server_pid);
    const std::int64_t connect_cpu_before = server_cpu();
    const std::int64_t connect_start = now_ns();
    report.connections = options.connections() - options.guest_seats();
    crew.start();
    wait_until_open(crew, report.connections, progress);
    report.server_connect_cpu_s = static_cast<double>(server_cpu() - connect_cpu_before) / 1e9;
    std::this_thread::sleep_for(kSettling);
    const MemoryUse memory_open = memory_use(options.server_pid);
    report.pss_growth_bytes = memory_open.pss_bytes - memory_before.pss_bytes;
    report.rss_growth_bytes = memory_open.rss_bytes - memory_before.rss_bytes;

    crew.state().phase = Phase::talking;
    sleep_showing(options.warmup_s, "warming up", crew, progress);
    const std::int64_t server_before = server_cpu();
    const auto threads_before = cpu_by_thread(options.server_pid);
    const std::int64_t client_before = cpu_time_ns(::getpid());
    const std::int64_t window_start = now_ns();
    crew.state().window_start_ns = window_start;
    sleep_showing(options.duration_s, "measuring", crew, progress);
    const std::int64_t window_end = now_ns();
    crew.state().window_end_ns = window_end;
    report.window_s = static_cast<double>(window_end - window_start) / 1e9;
    report.server_cpu_s = static_cast<double>(server_cpu() - server_before) / 1e9;
    for (const auto& [name, seconds] : cpu_by_thread(options.server_pid)) {
        const auto before = threads_before.find(name);
        report.server_thread_cpu_s[name] = seconds - (before == threads_before.end() ? 0 : before->second);
    }
    const double cores = std::min(options.threads, usable_cores(0));
    report.client_cpu_share =
        static_cast<double>(cpu_time_ns(::getpid()) - client_before) / 1e9 / report.window_s / cores;

    if (report.has_server) report.server_cores = usable_cores(options.server_pid);

    crew.state().phase = Phase::draining;
    drain(crew, options, progress);
    report.end_rss_bytes = memory_use(options.server_pid).rss_bytes;
    crew.stop();
    collect(crew, options, report);
    for (const auto& worker : crew.workers()) {
        const auto opening_ns = static_cast<double>(worker->last_opened_ns() - connect_start);
        report.connect_s = std::max(report.connect_s, opening_ns / 1e9);
    }
    return report;
}

}  // namespace globes::bench
