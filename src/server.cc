#include "server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/access.h"
#include "api/hosts.h"
#include "api/request.h"
#include "api/services.h"
#include "api/wire/errors.h"
#include "api/wire/event.h"
#include "base/clock.h"
#include "base/disk_watch.h"
#include "base/line_writer.h"
#include "base/logging.h"
#include "base/mutex.h"
#include "base/process.h"
#include "base/secret_file.h"
#include "base/worker_pool.h"
#include "chat/core.h"
#include "chat/core_thread.h"
#include "chat/password_pace.h"
#include "chat/passwords.h"
#include "chat/tokens.h"
#include "io_unit.h"
#include "net/certificate_files.h"
#include "net/listener.h"
#include "net/ws_close.h"
#include "server_metrics.h"
#include "signals.h"

namespace globes {
namespace {

using namespace std::chrono_literals;

static_assert(Config::kMaxIoThreads <= chat::kMaxIoThreads);

constexpr WorkerLimits kHashLimits{.queued = 1024, .queued_of_asker = 64};
constexpr WorkerLimits kFileLimits{.queued = 1024, .queued_of_asker = 256};
constexpr std::size_t kFileThreads = 1;
// Descriptors for other purposes than connections: databases, logs, event loops.
constexpr std::size_t kReservedDescriptors = 128;
// Of all connections, for health checks and exempt addresses. At most so many, and at most this part of a small limit.
constexpr std::size_t kKeptBackConnections = 64;
constexpr std::size_t kKeptBackPart = 16;
constexpr std::uint32_t kPingFactor = 10;
constexpr std::uint32_t kFrameFactor = 50;
constexpr std::uint32_t kRoomBurstSeconds = 5;
constexpr std::uint32_t kFrameBurst = 131'072;  // a message of 64 KiB in fragments of one byte, and another one
// Readers do not see expired events in the meantime.
constexpr std::chrono::seconds kMaintainEvery = 5s;
// The time limits of a stop, within the ten seconds that service managers allow.
constexpr std::chrono::seconds kDrainTime = 5s;
constexpr std::chrono::seconds kCloseTime = 3s;
// How long a start may continue after a signal that stops the server.
constexpr std::chrono::seconds kStartTime = 3s;

std::size_t thread_count(std::size_t configured) {
    return configured != 0 ? configured : std::max<std::size_t>(1, std::thread::hardware_concurrency() / 2);
}

/// Raises the limit of open files to the hard limit, and returns how many connections it allows.
std::size_t connections_allowed(std::size_t configured) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t possible = std::max(limit.rlim_cur, 2 * kReservedDescriptors) - kReservedDescriptors;
    return configured == 0 ? possible : std::min(configured, possible);
}

net::WsSettings ws_settings(const Config& config) {
    net::WsSettings settings;
    settings.backlog_bytes = config.backlog_bytes;
    settings.stalled_after = net::ticks(config.write_timeout);
    settings.message_within = net::ticks(config.read_timeout);
    return settings;
}

net::HttpSettings http_settings(const Config& config, api::IoCounts& counts) {
    net::HttpSettings settings;
    settings.read_timeout = net::ticks(config.read_timeout);
    settings.write_timeout = net::ticks(config.write_timeout);
    settings.idle_timeout = net::ticks(config.keep_alive_timeout);
    settings.hsts_s = config.hsts_s;
    settings.limits.head_bytes = config.max_header_bytes;
    settings.trusted_proxies = config.trusted_proxies;
    settings.refusal = [&config, limits = settings.limits](const net::HttpRequest& refused, int status) {
        net::HttpResponse response;
        if (status == 413)
            response = api::too_large_response(status, limits.body_bytes);
        else if (status == 414 || status == 431)
            response = api::too_large_response(status, limits.head_bytes);
        else if (status == 500)
            response = api::error_response(Error{ErrorCode::internal_error});
        else if (status == 429)
            response = api::error_response(Error{ErrorCode::too_many_requests});
        else if (status == 503)
            response = api::error_response(Error{ErrorCode::unavailable});
        else
            response = api::error_response(Error{ErrorCode::bad_request}, status);
        api::add_cors_headers(refused, config.allowed_origins, response);
        return response;
    };
    settings.on_finished = [&counts](const net::HttpRequest& request, int status, std::size_t bytes, auto took) {
        counts.add_request(status);
        access_log({.method = request.method,
                    .target = api::loggable_path(request.target),
                    .status = status,
                    .bytes = bytes,
                    .duration = took,
                    .peer = request.client.text()});
    };
    return settings;
}

/// Whether only programs on this machine reach the server, and none of them passes requests on.
bool is_local(const Config& config, const std::vector<boost::asio::ip::tcp::endpoint>& endpoints) {
    return config.trusted_proxies.empty() && std::ranges::all_of(endpoints, [](const auto& endpoint) {
               namespace ip = boost::asio::ip;
               const ip::address address = endpoint.address();
               if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address.is_loopback();
               return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
           });
}

api::FloodLimits flood_limits(const Config& config) {
    const chat::RateLimit messages{.per_second = config.messages_per_second, .burst = config.message_burst};
    return {.messages = messages,
            .pings = {.per_second = messages.per_second * kPingFactor, .burst = messages.burst * kPingFactor},
            .other_frames = {.per_second = messages.per_second * kFrameFactor, .burst = kFrameBurst}};
}

chat::RoomLimits room_limits(const Config& config) {
    const std::uint32_t per_second =
        config.room_messages_per_second.value_or(config.messages_per_second * Config::kRoomFactor);
    return {.sends = {.per_second = per_second, .burst = per_second * kRoomBurstSeconds}};
}

/// Half a MiB at once, so that it fits into the backlog of members who do not read it at once. All of a limit that is
/// lower.
std::chrono::seconds burst_of_bytes(std::uint64_t per_hour) {
    constexpr std::uint64_t kBurstBytes = std::uint64_t{512} << 10;
    constexpr std::chrono::seconds kHour = 1h;
    if (per_hour <= kBurstBytes) return kHour;
    return std::max(1s, kHour * static_cast<std::int64_t>(kBurstBytes) / static_cast<std::int64_t>(per_hour));
}

net::AddressLimitSettings address_limits(const Config& config) {
    using enum net::AddressLimit;
    const AddressLimitValues& values = config.of_address;
    net::AddressLimitSettings settings{.open_connections = values.open_connections, .exempt = values.exempt};
    settings.rate(connections) = {values.connections_per_minute, 1min};
    settings.rate(requests) = {values.requests_per_minute, 1min};
    settings.rate(upgrades) = {values.upgrades_per_minute, 1min};
    settings.rate(rooms) = {values.rooms_per_hour, 1h};
    settings.rate(tokens) = {values.tokens_per_minute, 1min};
    settings.rate(joins) = {values.joins_per_minute, 1min};
    // A burst of all of them is 70 MB in one room, so that members who read slowly would be closed.
    settings.rate(events) = {values.events_per_minute, 1min, 6s};
    settings.rate(stored_bytes) = {values.stored_bytes_per_hour, 1h, burst_of_bytes(values.stored_bytes_per_hour)};
    settings.rate(history) = {values.history_per_minute, 1min};
    settings.rate(guesses) = {values.guesses_per_minute, 1min};
    return settings;
}

/// The folder of the database, if it is on a disk of this machine.
std::optional<std::filesystem::path> database_folder(const Config& config) {
    if (config.mongodb.any() || config.store != StoreKind::sqlite) return std::nullopt;
    return config.data_dir;
}

class Server {
public:
    Server(const Config& config, const Logging& logging, const OpenStore& open_store);
    ~Server() { end_threads(); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Starts to serve and returns the address that the server listens on.
    std::string start();
    /// Removes expired events, and reads the certificate again if its files have changed; to be called every
    /// `kMaintainEvery`.
    void maintain();
    /// Reads the certificate again, for new connections. If it cannot be used, the old one stays. Returns whether there
    /// is one.
    bool reload();
    /// Stops accepting, waits for writes in flight to the store, and closes all connections with 1001.
    void stop();

private:
    using Deadline = std::chrono::steady_clock::time_point;

    std::shared_ptr<const net::TlsContext> load_certificate();
    void make_io_units();
    void make_core();
    net::ListenerSettings listener_settings(net::HttpPort port);
    std::size_t connections() const;
    void adopt(IoUnit& unit, FileDescriptor socket, const IpAddress& peer, net::HttpPort port);
    std::optional<net::Admission> admit(const net::ClientAddress& client, bool is_proxy) const;
    void run_on(IoUnit& unit, std::function<void()> act);
    void drain_core(Deadline deadline);
    void close_connections(Deadline deadline);
    void end_threads();

    const Config& config_;
    net::AddressLimits address_limits_;
    const std::vector<boost::asio::ip::tcp::endpoint> endpoints_;  // to listen on
    const SystemClock clock_;
    net::CertificateFiles certificate_files_;
    std::atomic<UnixMicros> certificate_expires_ = 0;  // for the metrics
    std::shared_ptr<const net::TlsContext> tls_;       // null without TLS
    api::RedirectSettings redirect_;
    std::atomic<std::size_t> adopting_ = 0;  // accepted connections that are on the way to their I/O thread
    // Before all that may hold what belongs to an I/O thread: an answer that is dropped in the end goes back to it.
    std::vector<std::unique_ptr<IoUnit>> io_units_;
    const api::FrameEncoder encoder_;
    const std::unique_ptr<chat::Store> store_;
    const chat::Tokens tokens_;
    chat::PasswordThrottle throttle_;
    chat::PasswordPace password_pace_;
    const api::Hosts hosts_;
    api::UnknownHosts unknown_hosts_;
    chat::CoreThread core_thread_;
    std::unique_ptr<chat::Core> core_;
    std::optional<DiskWatch> disk_watch_;
    WorkerPool hashing_;
    WorkerPool files_;
    api::Services services_;
    const std::size_t max_connections_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;  // live on the first I/O thread
};

Server::Server(const Config& config, const Logging& logging, const OpenStore& open_store)
    : config_(config),
      address_limits_(address_limits(config)),
      endpoints_(net::addresses_of(config.address)),
      certificate_files_(config.tls.certificate, config.tls.key),
      tls_(load_certificate()),
      redirect_({.https_port = config.redirect_port, .challenge_dir = config.challenge_dir}),
      store_(open_store()),
      tokens_(config.secret_key.empty() ? load_or_make_secret(config.data_dir) : config.secret_key, clock_,
              config.token_life),
      hosts_({.listed = config.hosts,
              .allowed_origins = config.allowed_origins,
              .own = config.address.host,
              .is_local = is_local(config, endpoints_)}),
      hashing_(thread_count(config.hash_threads), kHashLimits),
      files_(kFileThreads, kFileLimits),
      services_{.clock = clock_,
                .tokens = tokens_,
                .throttle = throttle_,
                .password_pace = password_pace_,
                .hosts = hosts_,
                .unknown_hosts = unknown_hosts_,
                .hashing = hashing_,
                .files = files_,
                .store = *store_,
                .flood = flood_limits(config),
                .allowed_origins = config.allowed_origins,
                .frame_ancestors = config.frame_ancestors,
                .require_owner = config.require_owner,
                .static_dir = config.static_dir,
                .metrics =
                    [this, &logging](bool is_store_reachable) {
                        const auto folder = database_folder(config_);
                        return metrics_text({io_units_, address_limits_.counts(), core_->counts(), core_thread_,
                                             is_store_reachable, folder ? free_disk_bytes(*folder) : std::nullopt,
                                             logging.dropped_lines(), certificate_expires_});
                    }},
      max_connections_(connections_allowed(config.max_connections)) {
    if (!is_local(config, endpoints_) && !config.require_owner)
        spdlog::warn(
            "event=rooms_without_owner reason=\"anyone who reaches the server may change and delete public rooms "
            "that have no owner; set RequireOwner to true in config.json\"");
    make_io_units();
    make_core();
}

/// Null without TLS. Errors: throws net::CertificateError.
std::shared_ptr<const net::TlsContext> Server::load_certificate() {
    if (config_.tls.certificate.empty()) return nullptr;
    auto tls = certificate_files_.load();
    certificate_expires_ = tls->expires();
    spdlog::info("event=certificate file={} expires={}", log_value(config_.tls.certificate.string()),
                 format_rfc3339(tls->expires()));
    const UnixMicros now = clock_.now_us();
    if (now >= tls->expires() || now < tls->valid_from())
        spdlog::warn("event=certificate_not_valid reason=\"clients refuse it: it is valid from {} to {}\"",
                     format_rfc3339(tls->valid_from()), format_rfc3339(tls->expires()));
    return tls;
}

bool Server::reload() {
    if (tls_ == nullptr) return false;
    try {
        tls_ = load_certificate();
    } catch (const net::CertificateError& error) {
        spdlog::error("event=certificate_not_reloaded reason={}", log_value(error.what()));
        return true;
    }
    for (const auto& unit : io_units_) unit->io.post([&unit = *unit, tls = tls_]() mutable { unit.tls.swap(tls); });
    return true;
}

void Server::maintain() {
    core_thread_.post([this] { core_->purger().run(); });
    if (tls_ != nullptr && certificate_files_.have_changed()) reload();
}

void Server::make_io_units() {
    for (unsigned number = 0; number < thread_count(config_.io_threads); ++number) {
        auto unit = std::make_unique<IoUnit>(number, ws_settings(config_), core_thread_);
        unit->routes = std::make_unique<api::Routes>(unit->core_link, services_);
        unit->redirect = std::make_unique<api::Redirect>(unit->core_link, services_, redirect_);
        unit->tls = tls_;
        net::HttpSettings settings = http_settings(config_, unit->core_link.counts());
        if (tls_ != nullptr)
            settings.open = [&unit = *unit](FileDescriptor socket) { return unit.open(std::move(socket)); };
        settings.redirect = [&redirect = *unit->redirect](std::shared_ptr<net::HttpExchange> exchange) {
            redirect.handle(std::move(exchange));
        };
        unit->http = std::make_unique<net::HttpHub>(
            unit->io.context(), unit->io.hub().wheel(), unit->io.read_buffer(), clock_, address_limits_,
            std::move(settings), [unit = unit.get()](const std::shared_ptr<net::HttpExchange>& exchange) {
                const auto begin = std::chrono::steady_clock::now();
                unit->routes->handle(exchange);
                unit->io.note_busy(std::chrono::steady_clock::now() - begin);
            });
        io_units_.push_back(std::move(unit));
    }
}

void Server::make_core() {
    std::vector<chat::IoPort*> io_threads;
    io_threads.reserve(io_units_.size());
    for (const auto& unit : io_units_) io_threads.push_back(&unit->core_link);
    core_ = std::make_unique<chat::Core>(
        chat::CorePorts{.store = *store_,
                        .clock = clock_,
                        .encoder = encoder_,
                        .io_threads = std::move(io_threads),
                        .post = [this](TaskBatch tasks) { core_thread_.post(std::move(tasks)); }},
        chat::CoreSettings{.room = room_limits(config_),
                           .retention = {.seconds = config_.retention_s, .events = config_.max_events},
                           .max_rooms = config_.max_rooms});
    for (const auto& unit : io_units_) unit->core_link.set_core(*core_);
    core_->load(store_->load_rooms());
}

net::ListenerSettings Server::listener_settings(net::HttpPort port) {
    net::ListenerSettings settings;
    settings.has_room = [this] { return connections() < max_connections_; };
    for (const auto& unit : io_units_)
        settings.targets.emplace_back([this, &unit = *unit, port](FileDescriptor socket, const IpAddress& peer) {
            adopt(unit, std::move(socket), peer, port);
        });
    return settings;
}

std::string Server::start() {
    auto& context = io_units_.front()->io.context();
    listeners_ = net::listen_at(context, endpoints_, listener_settings(net::HttpPort::main));
    const auto port = listeners_.front()->port();
    if (config_.redirect_address) {
        if (redirect_.https_port == 0) redirect_.https_port = port;
        for (auto& listener : net::listen_at(context, net::addresses_of(*config_.redirect_address),
                                             listener_settings(net::HttpPort::redirect)))
            listeners_.push_back(std::move(listener));
    }
    for (const auto& listener : listeners_) listener->start();

    // Before the core starts, so that it begins with what the disk is now.
    if (const auto folder = database_folder(config_); folder && config_.min_free_disk != 0)
        disk_watch_.emplace(*folder, config_.min_free_disk, [this](bool is_low) {
            core_thread_.post([this, is_low] { core_->set_disk_low(is_low); });
        });
    core_thread_.start([this] { core_->end_batch(); });
    for (const auto& unit : io_units_) {
        unit->io.start([&unit = *unit] {
            unit.core_link.flush_to_core();
            unit.count_connections();
        });
    }
    const std::string& host = config_.address.host;
    return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

/// Counts a connection until it is counted by its I/O thread.
class Adopting {
public:
    explicit Adopting(std::atomic<std::size_t>& count) : count_(&count) { count.fetch_add(1); }
    Adopting(Adopting&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Adopting& operator=(Adopting&&) = delete;
    ~Adopting() {
        if (count_ != nullptr) count_->fetch_sub(1);
    }

private:
    std::atomic<std::size_t>* count_;
};

void Server::adopt(IoUnit& unit, FileDescriptor socket, const IpAddress& peer, net::HttpPort port) {
    net::ClientAddress client = address_limits_.find(peer, clock_.steady());
    const bool is_proxy = contains(config_.trusted_proxies, peer);
    const auto admission = admit(client, is_proxy);
    if (!admission) return;
    unit.io.post([&unit, proxy = is_proxy ? std::optional(peer) : std::nullopt, socket = std::move(socket),
                  client = std::move(client), admission = *admission, port, adopting = Adopting(adopting_)]() mutable {
        if (proxy)
            unit.http->adopt_proxy(std::move(socket), *proxy, client, admission, port);
        else
            unit.http->adopt(std::move(socket), client, admission, port);
        unit.count_connections();  // before `adopting` ends
    });
}

/// What a connection of this client may do; nothing if it is closed at once. The last half of the connections that are
/// kept back is for exempt addresses alone, so that health checks of strangers do not stop those of the operator. A
/// proxy, which may pass on anyone, has them for probes only.
std::optional<net::Admission> Server::admit(const net::ClientAddress& client, bool is_proxy) const {
    const std::size_t kept_back = std::min(kKeptBackConnections, max_connections_ / kKeptBackPart);
    const std::size_t open = connections();
    if (open < max_connections_ - kept_back) return net::Admission::full;
    if (client.is_exempt()) return is_proxy ? net::Admission::probe : net::Admission::full;
    if (open < max_connections_ - kept_back / 2) return net::Admission::probe;
    return std::nullopt;
}

std::size_t Server::connections() const {
    std::size_t sum = adopting_.load();
    for (const auto& unit : io_units_) sum += unit->http_connections.value() + unit->ws_connections.value();
    return sum;
}

void Server::stop() {
    const auto now = std::chrono::steady_clock::now();
    run_on(*io_units_.front(), [this] {
        for (const auto& listener : listeners_) listener->stop();
    });
    for (const auto& unit : io_units_) run_on(*unit, [&unit = *unit] { unit.http->stop(); });
    drain_core(now + kDrainTime);
    close_connections(now + kDrainTime + kCloseTime);
    end_threads();
}

/// Runs `act` on the I/O thread and waits for it.
void Server::run_on(IoUnit& unit, std::function<void()> act) {
    std::packaged_task<void()> task(std::move(act));
    const std::future<void> done = task.get_future();
    unit.io.post(std::move(task));
    done.wait();
}

void Server::drain_core(Deadline deadline) {
    const auto drained = std::make_shared<std::promise<void>>();
    core_thread_.post([this, drained] { core_->drain([drained] { drained->set_value(); }); });
    if (drained->get_future().wait_until(deadline) == std::future_status::timeout)
        spdlog::error("event=drain_timeout reason=\"the store does not answer\"");
}

void Server::close_connections(Deadline deadline) {
    for (const auto& unit : io_units_) {
        run_on(*unit, [] {});  // one more loop iteration, which fans out the last events
        run_on(*unit, [&unit = *unit] {
            unit.io.hub().close_all(net::kCloseGoingAway, net::close_code_name(net::kCloseGoingAway));
        });
    }
    constexpr auto kLook = 10ms;
    while (connections() > 0 && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(kLook);
        for (const auto& unit : io_units_) run_on(*unit, [] {});
    }
}

// The I/O threads end first, so that no requests arrive any more. Then the store answers pending requests, which the
// core receives before it ends.
void Server::end_threads() {
    disk_watch_.reset();
    for (const auto& unit : io_units_) unit->io.stop();
    hashing_.stop();
    files_.stop();
    store_->stop();
    core_thread_.stop();
}

/// Does not use stdio: a full pipe without a reader would block the server forever.
void print_start_line(const std::string& address) {
    LineWriter out(STDOUT_FILENO);
    out.add(fmt::format("Globes {} started at {}\n", GLOBES_VERSION, address), true);
}

/// Ends the process if a signal stops it while its start hangs, for example because a database does not answer: the
/// starting thread is in a call that cannot be canceled. The effect on data is the same as that of SIGKILL.
class StartGuard {
public:
    /// Runs `context` on its own thread until destruction. `signal`: the signal that has stopped the context, or 0.
    StartGuard(boost::asio::io_context& context, const int& signal, const EndProcess& end_process)
        : context_(context), thread_([this, &signal, &end_process] {
              name_this_thread("start");
              context_.run();
              MutexLock lock(mutex_);
              if (has_ended_.wait_for(lock, kStartTime, [&]() REQUIRES(mutex_) { return is_over_ || signal == 0; }))
                  return;
              spdlog::warn("event=start_given_up");
              spdlog::default_logger()->flush();
              end_process(signal);
          }) {}
    ~StartGuard() {
        {
            const MutexLock lock(mutex_);
            is_over_ = true;
        }
        has_ended_.notify_all();
        context_.stop();
        thread_.join();
    }
    StartGuard(const StartGuard&) = delete;
    StartGuard& operator=(const StartGuard&) = delete;

private:
    boost::asio::io_context& context_;
    Mutex mutex_;
    Condition has_ended_;
    bool is_over_ GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace

int serve(const Config& config, const Logging& logging, const OpenStore& open_store, const EndProcess& end_process) {
    // Registered before the start line is printed, so that a signal right after it is not lost.
    boost::asio::io_context context;
    int ended_by = 0;
    Server* running = nullptr;
    const SignalWatch signals(
        context,
        [&](int signal) {
            ended_by = signal;
            context.stop();
        },
        [&] { return running != nullptr && running->reload(); });
    std::optional<StartGuard> guard(std::in_place, context, ended_by, end_process);
    Server server(config, logging, open_store);
    guard.reset();
    context.restart();
    boost::asio::steady_timer maintenance_timer(context);
    std::function<void()> maintain_later = [&] {
        maintenance_timer.expires_after(kMaintainEvery);
        maintenance_timer.async_wait([&](const boost::system::error_code&) {
            server.maintain();
            maintain_later();
        });
    };
    maintain_later();
    print_start_line(server.start());
    running = &server;
    if (ended_by == 0) context.run();
    server.stop();
    return ended_by;
}

}  // namespace globes
