// The configuration: config.json, `.env`, the environment and the flags, checked and merged once, at start. main owns
// the result and passes parts of it on; it never changes afterwards. The keys of config.json are in config_json.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_values.h"
#include "base/ip_address.h"
#include "base/logging.h"

namespace globes {

enum class StoreKind : std::uint8_t { sqlite, memory };

/// What a stored message survives: the end of the process, or also a power failure.
enum class DurabilityLevel : std::uint8_t { process, power };

/// As given; empty means not set.
struct MongoSettings {
    std::string uri;
    std::string user;
    std::string password;
    std::string cluster;
    std::string database;
    std::string source;  ///< The source that set one of them last, a file or "environment"; for error messages.

    bool any() const {
        return !(uri.empty() && user.empty() && password.empty() && cluster.empty() && database.empty());
    }
};

/// What one network address may use. 0: no limit.
struct AddressLimitValues {
    std::uint64_t open_connections = 100;
    std::uint64_t connections_per_minute = 1200;
    std::uint64_t requests_per_minute = 6000;
    std::uint64_t upgrades_per_minute = 600;
    std::uint64_t rooms_per_hour = 100;
    std::uint64_t tokens_per_minute = 120;
    std::uint64_t joins_per_minute = 600;
    std::uint64_t events_per_minute = 6000;
    std::uint64_t stored_bytes_per_hour = std::uint64_t{256} << 20;
    std::uint64_t history_per_minute = 1200;
    std::uint64_t guesses_per_minute = 120;
    std::vector<IpRange> exempt{*IpRange::parse("127.0.0.0/8"), *IpRange::parse("::1")};
};

/// The PEM files of the server's certificate and its key: both, or none for a server without TLS.
struct TlsFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

/// The defaults apply to an empty config.json. Keys, ranges and meanings: docs/configuration.md.
struct Config {
    HostPort address{"127.0.0.1", 5000};
    std::string redis_url;
    std::chrono::milliseconds read_timeout{10'000};
    std::chrono::milliseconds write_timeout{10'000};
    std::chrono::milliseconds keep_alive_timeout{75'000};
    std::size_t max_header_bytes = std::size_t{16} << 10;
    std::filesystem::path static_dir;  ///< Empty: the built-in page.
    TlsFiles tls;
    std::uint32_t hsts_s = 30 * 24 * 60 * 60;  ///< Only with TLS; 0: none.
    std::optional<HostPort> redirect_address;  ///< The listener that redirects to https; only with TLS.
    std::uint16_t redirect_port = 0;           ///< The port in its redirects; 0: that of `address`.
    std::filesystem::path challenge_dir;       ///< Empty: none. Only with `redirect_address`.
    std::filesystem::path data_dir = "data";
    StoreKind store = StoreKind::sqlite;
    DurabilityLevel durability = DurabilityLevel::process;
    std::uint64_t retention_s = 0;             ///< For rooms without their own value; 0: unlimited.
    std::uint64_t max_events = 0;              ///< For rooms without their own value; 0: unlimited.
    std::vector<std::string> allowed_origins;  ///< As browsers send them, or `*`.
    std::vector<std::string> hosts;            ///< That parse_host (base/host.h) accepts, or `*`.
    std::vector<IpRange> trusted_proxies;      ///< Their statements about clients count.
    std::vector<IpRange> metrics_addresses{*IpRange::parse("0.0.0.0/0"), *IpRange::parse("::/0")};  ///< May read them.
    std::vector<std::string> frame_ancestors;  ///< Origins that may show the page in a frame; the same form.
    std::chrono::minutes token_life{60};
    bool require_owner = false;
    std::uint32_t messages_per_second = 20;  ///< 0: no limit.
    std::uint32_t message_burst = 60;
    /// Of all connections in a room; 0: no limit. Absent: kRoomFactor times `messages_per_second`.
    std::optional<std::uint32_t> room_messages_per_second;
    static constexpr std::uint32_t kRoomFactor = 50;
    std::size_t backlog_bytes = std::size_t{1} << 20;
    static constexpr std::size_t kMaxIoThreads = 256;
    std::size_t io_threads = 0;                             ///< 0: derived from the number of cores.
    std::size_t hash_threads = 0;                           ///< 0: derived from the number of cores.
    std::size_t max_connections = 0;                        ///< 0: derived from the limit of open files.
    std::size_t max_rooms = 100'000;                        ///< 0: unlimited.
    std::uint64_t min_free_disk = std::uint64_t{64} << 20;  ///< Bytes; 0: not watched. Only for SQLite.
    AddressLimitValues of_address;
    LogLevel log_level = LogLevel::info;

    std::string secret_key;  ///< Empty: not set, see base/secret_file.h.
    MongoSettings mongodb;
    std::vector<std::string> warnings;  ///< To be logged when logging has started.
};

/// The sources of the configuration. A file that is named must exist; `config.json` and `.env` in the working directory
/// are read if they exist.
struct ConfigSources {
    std::optional<std::filesystem::path> config_file;  ///< --config
    std::optional<std::filesystem::path> env_file;     ///< --env
    std::optional<std::string> address;                ///< --address
    std::optional<std::string> data_dir;               ///< --data
    /// Reads the real environment; empty if the variable is not set.
    std::function<std::optional<std::string>(const char* name)> environment = process_environment;

    static std::optional<std::string> process_environment(const char* name);
};

/// Later sources override earlier ones: config.json, `.env`, the real environment, flags. So --address overrides PORT,
/// and PORT overrides Address. An empty value in `.env` or the environment counts as not set.
/// Without `TLSCert` and `TLSKey`, the files of the original, `gencert/cert.pem` and `gencert/key.pem` in the working
/// directory, are used if one of them exists.
/// Throws ConfigError for an unreadable file, invalid JSON, an unknown key, a wrong type, a value out of range, or keys
/// that need others.
Config load_config(const ConfigSources& sources);

/// Every variable of `.env` and the environment, in the order of the documentation.
std::vector<std::string_view> environment_keys();

}  // namespace globes
