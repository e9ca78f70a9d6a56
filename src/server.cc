#include "server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/hosts.h"
#include "api/open_files.h"
#include "api/services.h"
#include "api/wire/event.h"
#include "base/clock.h"
#include "base/disk_watch.h"
#include "base/line_writer.h"
#include "base/logging.h"
#include "base/secret_file.h"
#include "base/worker_pool.h"
#include "chat/core.h"
#include "chat/core_thread.h"
#include "chat/password_pace.h"
#include "chat/passwords.h"
#include "chat/tokens.h"
#include "io_unit.h"
#include "net/listener.h"
#include "net/ws_close.h"
#include "new_connections.h"
#include "server_certificate.h"
#include "server_metrics.h"
#include "server_settings.h"
#include "signals.h"
#include "start_guard.h"
#include "store/sqlite/sqlite_store.h"

namespace globes {
namespace {

using namespace std::chrono_literals;

static_assert(Config::kMaxIoThreads <= chat::kMaxIoThreads);

constexpr WorkerLimits kHashLimits{.queued = 1024, .queued_of_client = 64, .queued_of_network = 256};
constexpr WorkerLimits kFileLimits{.queued = 1024, .queued_of_client = 256, .queued_of_network = 512};
constexpr std::size_t kFileThreads = 1;
// Readers do not see expired events in the meantime.
constexpr std::chrono::seconds kMaintainEvery = 5s;
// The time limits of a stop, within the ten seconds that service managers allow.
constexpr std::chrono::seconds kDrainTime = 5s;
constexpr std::chrono::seconds kCloseTime = 3s;

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

    void pass_on_certificate();
    void make_io_units();
    void make_core();
    void warn_of_rooms(const chat::StoredRooms& stored) const;
    net::ListenerSettings listener_settings(net::HttpPort port);
    void run_on(IoUnit& unit, std::function<void()> act);
    void drain_core(Deadline deadline);
    void close_connections(Deadline deadline);
    void end_threads();

    const Config& config_;
    net::AddressLimits address_limits_;
    const std::vector<boost::asio::ip::tcp::endpoint> endpoints_;  // to listen on
    const SystemClock clock_;
    ServerCertificate certificate_;
    const DescriptorLimits descriptors_;
    // Before the I/O threads, whose connections, tasks and requests in progress hold something of them to the end.
    api::OpenFiles open_files_;
    chat::PasswordThrottle throttle_;
    chat::PasswordPace password_pace_;
    const api::Hosts hosts_;
    api::RefusalLog refusal_log_{clock_};
    api::RedirectSettings redirect_;
    NewConnections new_connections_;
    // Before all that may hold what belongs to an I/O thread: an answer that is dropped in the end goes back to it.
    std::vector<std::unique_ptr<IoUnit>> io_units_;
    const api::FrameEncoder encoder_;
    const std::unique_ptr<chat::Store> store_;
    const Secret secret_;  // before `tokens_`, which uses it
    const chat::Tokens tokens_;
    chat::CoreThread core_thread_;
    std::unique_ptr<chat::Core> core_;
    std::optional<DiskWatch> disk_watch_;
    WorkerPool hashing_;
    WorkerPool files_;
    api::Services services_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;  // live on the first I/O thread
};

Server::Server(const Config& config, const Logging& logging, const OpenStore& open_store)
    : config_(config),
      address_limits_(address_limits(config)),
      endpoints_(net::addresses_of(config.address)),
      certificate_(config.tls, clock_),
      descriptors_(descriptor_limits(config)),
      open_files_(descriptors_.files),
      hosts_({.listed = config.hosts,
              .allowed_origins = config.allowed_origins,
              .own = config.address.host,
              .is_local = is_local(config, endpoints_)}),
      redirect_({.https_port = config.redirect_port, .challenge_dir = config.challenge_dir}),
      new_connections_(io_units_, address_limits_, clock_, config.trusted_proxies, refusal_log_,
                       descriptors_.connections),
      store_(open_store()),
      secret_(config.secret_key.empty() ? load_or_make_secret(config.data_dir) : Secret{.text = config.secret_key}),
      tokens_(secret_.text, clock_, config.token_life),
      hashing_(thread_count(config.hash_threads), kHashLimits),
      files_(kFileThreads, kFileLimits),
      services_{
          .clock = clock_,
          .tokens = tokens_,
          .throttle = throttle_,
          .password_pace = password_pace_,
          .hosts = hosts_,
          .refusal_log = refusal_log_,
          .hashing = hashing_,
          .files = files_,
          .open_files = open_files_,
          .store = *store_,
          .flood = flood_limits(config),
          .allowed_origins = config.allowed_origins,
          .frame_ancestors = config.frame_ancestors,
          .metrics_addresses = config.metrics_addresses,
          .require_owner = config.require_owner,
          .static_dir = config.static_dir,
          .metrics = [this, &logging](bool is_store_reachable) {
              const auto folder = database_folder(config_);
              return metrics_text({io_units_, address_limits_.counts(), throttle_.refusals(), core_->counts(),
                                   core_thread_, is_store_reachable, folder ? free_disk_bytes(*folder) : std::nullopt,
                                   folder ? std::optional(store::sqlite_allocated_bytes()) : std::nullopt,
                                   logging.dropped_lines(), certificate_.expires()});
          }} {
    make_io_units();
    make_core();
}

bool Server::reload() {
    if (certificate_.reload()) pass_on_certificate();
    return certificate_.current() != nullptr;
}

void Server::pass_on_certificate() {
    for (const auto& unit : io_units_)
        unit->io.post([&unit = *unit, tls = certificate_.current()]() mutable { unit.tls.swap(tls); });
}

void Server::maintain() {
    core_thread_.post([this] { core_->purger().run(); });
    if (certificate_.reload_if_changed()) pass_on_certificate();
}

void Server::make_io_units() {
    for (unsigned number = 0; number < thread_count(config_.io_threads); ++number) {
        auto unit = std::make_unique<IoUnit>(number, ws_settings(config_), core_thread_);
        unit->routes = std::make_unique<api::Routes>(unit->core_link, services_);
        unit->redirect = std::make_unique<api::Redirect>(unit->core_link, services_, redirect_);
        unit->tls = certificate_.current();
        net::HttpSettings settings = http_settings(config_, unit->core_link.counts(), refusal_log_);
        if (unit->tls != nullptr)
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
    chat::StoredRooms stored = store_->load_rooms();
    warn_of_rooms(stored);
    core_->load(std::move(stored));
}

/// Warns of what an operator may not know about the rooms of the store.
void Server::warn_of_rooms(const chat::StoredRooms& stored) const {
    const auto count = [&](auto is) {
        return std::ranges::count_if(stored.rooms, [&](const chat::StoredRoom& room) { return is(room.record); });
    };
    const auto open = count([](const chat::RoomRecord& room) {
        return room.id != chat::kPublicChatId && !room.owned && room.visibility == chat::Visibility::public_room;
    });
    if (is_reachable(config_, endpoints_) && (!config_.require_owner || open > 0))
        spdlog::warn(
            "event=rooms_without_owner rooms={} reason=\"anyone who reaches the server may change and delete public "
            "rooms that have no owner; {}\"",
            open,
            config_.require_owner ? "RequireOwner protects only rooms that are created with it"
                                  : "set RequireOwner to true in config.json, which protects new rooms");
    const auto with_tokens = count(
        [](const chat::RoomRecord& room) { return room.owned || room.visibility != chat::Visibility::public_room; });
    if (secret_.is_new && with_tokens > 0)
        spdlog::warn(
            "event=secret_created rooms={} reason=\"DataDir/secret did not exist, so all tokens of these rooms are "
            "invalid, also those of owners; if there is a backup of it, stop the server and put it back\"",
            with_tokens);
}

net::ListenerSettings Server::listener_settings(net::HttpPort port) {
    net::ListenerSettings settings;
    settings.has_room = [this] { return new_connections_.have_room(); };
    for (const auto& unit : io_units_)
        settings.targets.emplace_back([this, &unit = *unit, port](FileDescriptor socket, const IpAddress& peer) {
            new_connections_.adopt(unit, std::move(socket), peer, port);
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
    while (new_connections_.open() > 0 && std::chrono::steady_clock::now() < deadline) {
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
