#include "server_settings.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "api/access.h"
#include "api/request.h"
#include "api/wire/errors.h"
#include "base/error.h"
#include "base/host.h"
#include "base/ip_address.h"
#include "base/logging.h"
#include "chat/rate_limiter.h"
#include "net/http_message.h"
#include "net/timer_wheel.h"

namespace globes {
namespace {

using namespace std::chrono_literals;

// Descriptors for other purposes than connections: databases, logs, event loops.
constexpr std::size_t kReservedDescriptors = 128;
// Of the others, for files of the folder `Static` that clients have not taken completely. At most so many.
constexpr std::size_t kFilePart = 8;
constexpr std::size_t kMostOpenFiles = 1024;
constexpr std::uint32_t kPingFactor = 10;
constexpr std::uint32_t kRoomBurstSeconds = 5;
constexpr std::uint32_t kFrameBurst = 131'072;  // a message of 64 KiB in fragments of one byte, and another one
constexpr std::uint64_t kFullConnections = 6;   // of one address, that may send as many fragments as they may
// Of one address, in a minute. A balancer that asks ten times a second needs a tenth of them.
constexpr std::uint64_t kProbesPerMinute = 6000;
constexpr std::uint64_t kRefusalLinesPerMinute = 60;
constexpr Error kWithoutTls{.code = ErrorCode::bad_request, .reason = "This port speaks TLS. Use https."};

/// Half a MiB at once, so that it fits into the backlog of members who do not read it at once. All of a limit that is
/// lower.
std::chrono::seconds burst_of_bytes(std::uint64_t per_hour) {
    constexpr std::uint64_t kBurstBytes = std::uint64_t{512} << 10;
    constexpr std::chrono::seconds kHour = 1h;
    if (per_hour <= kBurstBytes) return kHour;
    return std::max(1s, kHour * static_cast<std::int64_t>(kBurstBytes) / static_cast<std::int64_t>(per_hour));
}

/// Which refused requests have a line in the log. Owned by the settings of an I/O thread, which calls it.
class RefusalLines {
public:
    RefusalLines() = default;
    RefusalLines(const RefusalLines&) = delete;
    RefusalLines& operator=(const RefusalLines&) = delete;
    ~RefusalLines() { log(); }

    bool has_line(const net::HttpRequest& request, int status) {
        const bool is_refusal = status == 429 || status == 503;
        const auto now = std::chrono::steady_clock::now();
        const bool has_line = !is_refusal || !request.client.take(net::AddressLimit::refusal_lines, now);
        if (!has_line) {
            ++left_out_;
            peer_ = request.client;
        }
        if (left_out_ > 0 && now >= quiet_until_) {
            log();
            quiet_until_ = now + kLogEvery;
        }
        return has_line;
    }

private:
    static constexpr std::chrono::seconds kLogEvery{10};

    void log() {
        if (left_out_ > 0)
            spdlog::warn("event=refusals_left_out count={} peer={}", std::exchange(left_out_, 0),
                         log_value(peer_.text()));
    }

    std::uint64_t left_out_ = 0;
    net::ClientAddress peer_;  // of the newest
    std::chrono::steady_clock::time_point quiet_until_;
};

}  // namespace

std::size_t thread_count(std::size_t configured) {
    return configured != 0 ? configured : std::max<std::size_t>(1, std::thread::hardware_concurrency() / 2);
}

DescriptorLimits descriptor_limits(const Config& config) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t possible = std::max(limit.rlim_cur, 2 * kReservedDescriptors) - kReservedDescriptors;
    const std::size_t files = config.static_dir.empty() ? 0 : std::min(kMostOpenFiles, possible / kFilePart);
    const std::size_t configured = config.max_connections;
    return {.connections = configured == 0 ? possible - files : std::min(configured, possible - files), .files = files};
}

net::WsSettings ws_settings(const Config& config) {
    net::WsSettings settings;
    settings.backlog_bytes = config.backlog_bytes;
    settings.stalled_after = net::ticks(config.write_timeout);
    settings.message_within = net::ticks(config.read_timeout);
    return settings;
}

net::HttpSettings http_settings(const Config& config, api::IoCounts& counts, api::RefusalLog& refusal_log) {
    net::HttpSettings settings;
    settings.read_timeout = net::ticks(config.read_timeout);
    settings.write_timeout = net::ticks(config.write_timeout);
    settings.idle_timeout = net::ticks(config.keep_alive_timeout);
    settings.hsts_s = config.hsts_s;
    settings.limits.head_bytes = config.max_header_bytes;
    settings.trusted_proxies = config.trusted_proxies;
    const auto complete = [&config](const net::HttpRequest& refused, net::HttpResponse response) {
        response.headers.emplace_back("Cache-Control", "no-cache");
        api::add_cors_headers(refused, config.allowed_origins, response);
        return response;
    };
    settings.refusal = [complete, limits = settings.limits](const net::HttpRequest& refused, int status,
                                                            std::string_view limit) {
        net::HttpResponse response;
        if (!limit.empty())
            response = api::limit_response(limit, 1);
        else if (status == 413)
            response = api::too_large_response(status, limits.body_bytes);
        else if (status == 414 || status == 431)
            response = api::too_large_response(status, limits.head_bytes);
        else if (status == 500)
            response = api::error_response(Error{ErrorCode::internal_error});
        else
            response = api::error_response(Error{ErrorCode::bad_request}, status);
        return complete(refused, std::move(response));
    };
    settings.without_tls = [complete](const net::HttpRequest& refused) {
        return complete(refused, api::error_response(kWithoutTls));
    };
    settings.on_finished = [&counts, &refusal_log, lines = std::make_shared<RefusalLines>()](
                               const net::HttpRequest& request, int status, std::size_t bytes, auto took,
                               std::string_view note) {
        counts.add_request(status);
        refusal_log.untrusted_proxy(request);
        if (!lines->has_line(request, status)) return;
        access_log({.method = request.method,
                    .target = api::loggable_path(request.target, status),
                    .status = status,
                    .bytes = bytes,
                    .duration = took,
                    .peer = request.client.text(),
                    .note = note});
    };
    settings.on_dropped = [&refusal_log](const net::ClientAddress& client, std::string_view limit) {
        refusal_log.limit(client, limit);
    };
    return settings;
}

bool is_local(const Config& config, const std::vector<boost::asio::ip::tcp::endpoint>& endpoints) {
    return config.trusted_proxies.empty() && std::ranges::all_of(endpoints, [](const auto& endpoint) {
               namespace ip = boost::asio::ip;
               const ip::address address = endpoint.address();
               if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address.is_loopback();
               return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
           });
}

bool is_reachable(const Config& config, const std::vector<boost::asio::ip::tcp::endpoint>& endpoints) {
    const auto is_public = [](std::string_view text) {
        const std::size_t scheme_end = text.find("://");
        if (scheme_end != std::string_view::npos) text.remove_prefix(scheme_end + 3);
        const auto host = parse_host(text);
        if (!host) return true;  // `*`
        std::string_view name = host->name;
        if (name == "localhost" || name.ends_with(".localhost")) return false;
        if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
        const auto address = IpAddress::parse(name);
        return !address || !address->is_loopback();
    };
    return !is_local(config, endpoints) || std::ranges::any_of(config.hosts, is_public) ||
           std::ranges::any_of(config.allowed_origins, is_public);
}

api::FloodLimits flood_limits(const Config& config) {
    const chat::RateLimit messages{.per_second = config.messages_per_second, .burst = config.message_burst};
    return {
        .messages = messages,
        .pings = {.per_second = messages.per_second * kPingFactor, .burst = messages.burst * kPingFactor},
        .other_frames = {.per_second = messages.per_second, .burst = kFrameBurst / api::FloodLimits::kFramesPerUnit}};
}

chat::RoomLimits room_limits(const Config& config) {
    const std::uint32_t per_second =
        config.room_messages_per_second.value_or(config.messages_per_second * Config::kRoomFactor);
    return {.sends = {.per_second = per_second, .burst = per_second * kRoomBurstSeconds}};
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
    // As many as some connections may send. Others may come after those that were closed for it.
    const std::uint64_t frames_per_second =
        std::uint64_t{api::FloodLimits::kFramesPerUnit} * config.messages_per_second;
    if (frames_per_second != 0)
        settings.rate(frames) = {std::max<std::uint64_t>(kFullConnections * 60 * frames_per_second, 3 * kFrameBurst),
                                 1min};
    settings.rate(stored_bytes) = {values.stored_bytes_per_hour, 1h, burst_of_bytes(values.stored_bytes_per_hour)};
    settings.rate(history) = {values.history_per_minute, 1min};
    settings.rate(guesses) = {values.guesses_per_minute, 1min};
    if (values.requests_per_minute != 0)
        settings.rate(probes) = {std::max(values.requests_per_minute, kProbesPerMinute), 1min};
    settings.rate(refusal_lines) = {kRefusalLinesPerMinute, 1min};
    return settings;
}

std::optional<std::filesystem::path> database_folder(const Config& config) {
    if (config.mongodb.any() || config.store != StoreKind::sqlite) return std::nullopt;
    return config.data_dir;
}

}  // namespace globes
