#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <ranges>
#include <system_error>

#include "base/config_json.h"
#include "base/env_file.h"

namespace globes {
namespace {

/// A shorter SECRET_KEY can be guessed offline from one token.
constexpr std::size_t kMinSecretBytes = 16;

/// Empty if the file does not exist and is not required.
std::optional<std::string> read_file(const std::filesystem::path& path, bool required) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        throw ConfigError(fmt::format("{}: is a folder, not a file", path.string()));
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        // A link that leads nowhere is there, and would count as a file without any limits.
        const bool is_absent = errno == ENOENT && !std::filesystem::is_symlink(path, ignored);
        if (is_absent && !required) return std::nullopt;
        throw ConfigError(fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
    }
    try {
        return std::string(std::istreambuf_iterator(file), {});
    } catch (const std::ios_base::failure&) {
        throw ConfigError(fmt::format("{}: cannot be read", path.string()));
    }
}

struct Variable {
    const char* name;
    /// Returns false for an invalid value. `value` is not empty.
    bool (*read)(Config&, std::string_view value);
    std::string_view must_be;
};

bool read_port(Config& config, std::string_view value) {
    const auto port = parse_port(value);
    if (!port || *port == 0) return false;
    config.address = {"0.0.0.0", *port};
    return true;
}

bool read_secret_key(Config& config, std::string_view value) {
    config.secret_key = value;
    return value.size() >= kMinSecretBytes;
}

template <auto kMember>
bool read_mongodb(Config& config, std::string_view value) {
    config.mongodb.*kMember = value;
    return true;
}

constexpr Variable kVariables[] = {
    {"PORT", read_port, "must be a port from 1 to 65535"},
    {"SECRET_KEY", read_secret_key,
     "must have at least 16 bytes, because a shorter key can be guessed from a token; make one with: openssl rand -hex "
     "32"},
    {"MONGODB_URI", read_mongodb<&MongoSettings::uri>, ""},
    {"MONGODB_USER", read_mongodb<&MongoSettings::user>, ""},
    {"MONGODB_PASSWORD", read_mongodb<&MongoSettings::password>, ""},
    {"MONGODB_CLUSTER", read_mongodb<&MongoSettings::cluster>, ""},
    {"MONGODB_DATABASE", read_mongodb<&MongoSettings::database>, ""},
};

void apply_variable(Config& config, const Variable& variable, std::string_view value, std::string_view source) {
    if (value.empty()) return;
    if (!variable.read(config, value))
        throw ConfigError(fmt::format("{}: {}: {}", source, variable.name, variable.must_be));
    if (std::string_view(variable.name).starts_with("MONGODB_")) config.mongodb.source = source;
}

/// Keys of other programs that share the file are ignored, whatever their values are. The warning makes misspelled keys
/// of Globes visible, which would be ignored silently otherwise.
void warn_of_unknown(Config& config, const std::vector<std::string>& keys, const std::string& file_name) {
    constexpr std::size_t kMaxNamed = 20;
    constexpr std::size_t kMaxNamedBytes = 64;
    if (keys.empty()) return;
    std::string names;
    for (const std::string& key : keys | std::views::take(kMaxNamed)) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", std::string_view(key).substr(0, kMaxNamedBytes));
        if (const auto meant = meant_key(key, environment_keys())) names += fmt::format(" (did you mean {}?)", *meant);
    }
    if (keys.size() > kMaxNamed) names += fmt::format(" and {} more", keys.size() - kMaxNamed);
    config.warnings.push_back(fmt::format("{}: unknown keys are ignored: {}", file_name, names));
}

void apply_env_file(Config& config, std::string_view text, const std::string& file_name) {
    std::vector<std::string> unknown;
    for (const EnvEntry& entry : parse_env_file(text, file_name)) {
        const auto* variable = std::ranges::find(kVariables, std::string_view(entry.key), &Variable::name);
        if (variable == std::end(kVariables)) {
            if (std::ranges::find(unknown, entry.key) == unknown.end()) unknown.push_back(entry.key);
            continue;
        }
        if (!entry.fault.empty())
            throw ConfigError(fmt::format("{}: {}: line {}: {}", file_name, entry.key, entry.line, entry.fault));
        apply_variable(config, *variable, entry.value, file_name);
    }
    warn_of_unknown(config, unknown, file_name);
}

/// MongoDB is configured by a URI, or by user, password and cluster together, or not at all.
void check_mongodb(const MongoSettings& mongodb) {
    if (!mongodb.any() || !mongodb.uri.empty()) return;
    std::string missing;
    const auto need = [&](const std::string& value, std::string_view key) {
        if (value.empty()) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", key);
    };
    need(mongodb.user, "MONGODB_USER");
    need(mongodb.password, "MONGODB_PASSWORD");
    need(mongodb.cluster, "MONGODB_CLUSTER");
    if (missing.empty()) return;
    throw ConfigError(
        fmt::format("{}: {}: missing; set all of MONGODB_USER, MONGODB_PASSWORD and MONGODB_CLUSTER, or MONGODB_URI",
                    mongodb.source, missing));
}

/// The original's script writes its certificate there.
void find_original_certificate(TlsFiles& tls) {
    const TlsFiles original{.certificate = "gencert/cert.pem", .key = "gencert/key.pem"};
    std::error_code ignored;
    if (std::filesystem::exists(original.certificate, ignored) || std::filesystem::exists(original.key, ignored))
        tls = original;
}

/// Nothing falls back to a server without TLS silently.
void check_tls(const Config& config, const std::string& file_name) {
    const auto need = [&](bool is_there, std::string_view key, std::string_view needed) {
        if (!is_there) throw ConfigError(fmt::format("{}: {}: needs {} too", file_name, key, needed));
    };
    const bool has_certificate = !config.tls.certificate.empty();
    const bool has_key = !config.tls.key.empty();
    if (has_certificate) need(has_key, "TLSCert", "TLSKey");
    if (has_key) need(has_certificate, "TLSKey", "TLSCert");
    if (config.redirect_address) need(has_certificate, "RedirectAddress", "TLSCert and TLSKey");
    if (config.redirect_port != 0) need(config.redirect_address.has_value(), "RedirectPort", "RedirectAddress");
    if (config.redirect_address == config.address)
        throw ConfigError(fmt::format("{}: RedirectAddress: must not be that of Address", file_name));
    if (!config.challenge_dir.empty()) need(config.redirect_address.has_value(), "ChallengeDir", "RedirectAddress");
}

void apply_flags(Config& config, const ConfigSources& sources) {
    if (sources.address) {
        const auto address = parse_host_port(*sources.address);
        if (!address) throw ConfigError("--address: must be host:port, such as 127.0.0.1:5000");
        config.address = *address;
    }
    if (sources.data_dir) {
        if (sources.data_dir->empty()) throw ConfigError("--data: must be the name of a folder");
        config.data_dir = *sources.data_dir;
    }
}

}  // namespace

std::optional<std::string> ConfigSources::process_environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Config load_config(const ConfigSources& sources) {
    for (const auto& [flag, file] : {std::pair("--config", &sources.config_file), {"--env", &sources.env_file}})
        if (*file && (*file)->empty()) throw ConfigError(fmt::format("{}: must be the name of a file", flag));
    Config config;
    const auto config_file = sources.config_file.value_or("config.json");
    if (const auto text = read_file(config_file, sources.config_file.has_value()))
        apply_config_json(config, *text, config_file.string());
    const auto env_file = sources.env_file.value_or(".env");
    if (const auto text = read_file(env_file, sources.env_file.has_value()))
        apply_env_file(config, *text, env_file.string());
    for (const Variable& variable : kVariables)
        if (const auto value = sources.environment(variable.name))
            apply_variable(config, variable, *value, "environment");
    apply_flags(config, sources);
    check_mongodb(config.mongodb);
    if (config.tls.certificate.empty() && config.tls.key.empty()) find_original_certificate(config.tls);
    check_tls(config, config_file.string());
    return config;
}

std::vector<std::string_view> environment_keys() {
    std::vector<std::string_view> names;
    for (const Variable& variable : kVariables) names.emplace_back(variable.name);
    return names;
}

}  // namespace globes
