// What the operator chose: config.json, `.env`, the environment and the flags, checked and merged once, at start.
// main owns the result and hands its parts to whoever needs them; it never changes afterwards.
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

#include "base/config_address.h"
#include "base/config_error.h"
#include "base/logging.h"

namespace globes {

enum class StoreKind : std::uint8_t { sqlite, memory };

/// What a stored message survives: a killed process, or the loss of power too.
enum class DurabilityLevel : std::uint8_t { process, power };

/// As given; empty means not set.
struct MongoSettings {
    std::string uri;
    std::string user;
    std::string password;
    std::string cluster;
    std::string database;
    std::string source;  ///< What set one of them last, a file or "environment"; for what is wrong with them.

    bool any() const {
        return !(uri.empty() && user.empty() && password.empty() && cluster.empty() && database.empty());
    }
};

/// The defaults are what an empty config.json means. Keys, ranges and meanings: docs/configuration.md.
struct Config {
    HostPort address{"127.0.0.1", 5000};
    std::string redis_url;
    std::chrono::milliseconds read_timeout{10'000};
    std::chrono::milliseconds write_timeout{10'000};
    std::chrono::milliseconds keep_alive_timeout{75'000};
    std::size_t max_header_bytes = std::size_t{16} << 10;
    std::filesystem::path static_dir;  ///< Empty: the built-in page.
    std::filesystem::path data_dir = "data";
    StoreKind store = StoreKind::sqlite;
    DurabilityLevel durability = DurabilityLevel::process;
    std::uint64_t retention_s = 0;             ///< Of rooms that don't say so themselves; 0: for ever.
    std::uint64_t max_events = 0;              ///< The same; 0: any number.
    std::vector<std::string> allowed_origins;  ///< As browsers send them, or `*`.
    std::vector<std::string> frame_ancestors;  ///< Who may show the page in a frame; the same form.
    std::chrono::minutes token_life{60};
    bool require_owner = false;
    std::uint32_t messages_per_second = 20;  ///< 0: no limit.
    std::uint32_t message_burst = 60;
    std::size_t backlog_bytes = std::size_t{1} << 20;
    static constexpr std::size_t kMaxIoThreads = 256;
    std::size_t io_threads = 0;       ///< 0: by the number of cores.
    std::size_t hash_threads = 0;     ///< 0: by the number of cores.
    std::size_t max_connections = 0;  ///< 0: what the limit of open files allows.
    LogLevel log_level = LogLevel::info;

    std::string secret_key;  ///< Empty: not set, see base/secret_file.h.
    MongoSettings mongodb;
    std::vector<std::string> warnings;  ///< For the log, once there is one.
};

/// Where the configuration comes from. A file that is named must exist; `config.json` and `.env` in the working folder
/// are read if they are there.
struct ConfigSources {
    std::optional<std::filesystem::path> config_file;  ///< --config
    std::optional<std::filesystem::path> env_file;     ///< --env
    std::optional<std::string> address;                ///< --address
    std::optional<std::string> data_dir;               ///< --data
    /// The real environment; none if the variable is not set.
    std::function<std::optional<std::string>(const char* name)> environment = process_environment;

    static std::optional<std::string> process_environment(const char* name);
};

/// Later sources win: config.json, `.env`, the real environment, flags. So --address wins over PORT, PORT over Address.
/// An empty value in `.env` or the environment counts as not set.
/// Throws ConfigError for a file that can't be read, broken JSON, an unknown key, a wrong type or a value out of range.
Config load_config(const ConfigSources& sources);

/// Every key of config.json, and every variable of `.env` and the environment, in the order of the documentation.
std::vector<std::string_view> config_keys();
std::vector<std::string_view> environment_keys();

}  // namespace globes
