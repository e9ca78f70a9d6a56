#include "base/config_json.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "base/file.h"
#include "base/host.h"
#include "base/text.h"

namespace globes {
namespace {

namespace json = boost::json;

/// An invalid value; the text says what it must be.
struct BadValue {
    std::string must_be;
};

std::string_view text_of(const json::value& value, const char* must_be) {
    if (!value.is_string()) throw BadValue{must_be};
    return value.get_string();
}

/// For an item of a list. `meant`: a valid item that looks like it; may be empty.
[[noreturn]] void refuse_item(const char* must_be, const json::value& item, const std::string& meant = {}) {
    constexpr std::size_t kShownBytes = 100;
    std::string shown = json::serialize(item);
    if (shown.size() > kShownBytes) shown = shown.substr(0, kShownBytes) + "...";
    throw BadValue{fmt::format("{}; {} is not valid{}", must_be, shown,
                               meant.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", meant))};
}

std::string_view text_of_item(const json::value& item, const char* must_be) {
    if (!item.is_string()) refuse_item(must_be, item);
    return item.get_string();
}

void read_address(Config& config, const json::value& value) {
    constexpr auto kMustBe = "must be host:port in quotes, such as \"127.0.0.1:5000\"";
    const auto address = parse_host_port(text_of(value, kMustBe));
    if (!address) throw BadValue{kMustBe};
    config.address = *address;
}

/// Optional, unlike `Address`.
void read_redirect_address(Config& config, const json::value& value) {
    constexpr auto kMustBe = "must be host:port in quotes, such as \"0.0.0.0:80\", or \"\"";
    const std::string_view text = text_of(value, kMustBe);
    config.redirect_address = parse_host_port(text);
    if (!text.empty() && !config.redirect_address) throw BadValue{kMustBe};
}

template <auto kMember>
void read_certificate_file(Config& config, const json::value& value) {
    config.tls.*kMember = text_of(value, "must be the name of a PEM file, or \"\"");
}

void read_challenge_dir(Config& config, const json::value& value) {
    config.challenge_dir = text_of(value, "must be the name of a folder, or \"\"");
    std::error_code ignored;
    if (!config.challenge_dir.empty() && !std::filesystem::is_directory(config.challenge_dir, ignored))
        config.warnings.push_back(
            fmt::format("ChallengeDir: there is no folder {}; no challenge is answered until it exists",
                        config.challenge_dir.string()));
}

void read_redis_url(Config& config, const json::value& value) {
    config.redis_url = text_of(value, "must be a URL in quotes, or \"\"");
    if (!config.redis_url.empty()) config.warnings.emplace_back("RedisURL is not used: this version runs on one node");
}

/// Why the server cannot send the file; nothing if it can.
std::optional<std::string> fault_of_page(const std::string& file) {
    const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!opened.is_open()) {
        if (errno == ENOENT || errno == ENOTDIR) return "does not exist";
        return fmt::format("cannot be opened: {}", std::generic_category().message(errno));
    }
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) return "is not a file";
    return std::nullopt;
}

/// The config.json of the original names the folder of its page, which may not exist here. Without a page every path of
/// the app would be 404, so the built-in page is used instead.
void read_static(Config& config, const json::value& value) {
    const std::filesystem::path folder = text_of(value, "must be the name of a folder, or \"\" for the built-in page");
    if (folder.empty()) return;
    const std::string page = folder / "index.html";
    if (const auto fault = fault_of_page(page))
        config.warnings.push_back(
            fmt::format("Static is not used, because {} {}; the built-in page is served instead. Put your page there, "
                        "readable for the user of the server, or remove Static from config.json",
                        page, *fault));
    else
        config.static_dir = folder;
}

void read_data_dir(Config& config, const json::value& value) {
    constexpr auto kMustBe = "must be the name of a folder";
    config.data_dir = text_of(value, kMustBe);
    if (config.data_dir.empty()) throw BadValue{kMustBe};
}

/// The origin of a URL such as `https://example.org/`.
std::string meant_origin(std::string_view text) {
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return parse_origin(fmt::format("https://{}", text)).value_or("");
    return parse_origin(text.substr(0, text.find('/', scheme_end + 3))).value_or("");
}

/// The range of an address with bits behind its prefix, such as `10.0.0.1/8`.
std::string meant_range(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return {};
    const auto address = IpAddress::parse(text.substr(0, slash));
    const auto prefix = parse_port(text.substr(slash + 1));  // a number
    if (!address || !prefix || *prefix > (address->is_v4() ? 32 : 128)) return {};
    return IpRange(*address, *prefix).text();
}

template <auto kMember>
void read_origins(Config& config, const json::value& value) {
    constexpr auto kMustBe = "must be an array of origins, such as [\"https://example.org\"], or [\"*\"]";
    if (!value.is_array()) throw BadValue{kMustBe};
    std::vector<std::string> origins;
    for (const json::value& item : value.get_array()) {
        const auto text = text_of_item(item, kMustBe);
        const auto origin = text == "*" ? std::optional<std::string>("*") : parse_origin(text);
        if (!origin) refuse_item(kMustBe, item, meant_origin(text));
        origins.push_back(*origin);
    }
    config.*kMember = std::move(origins);
}

std::vector<IpRange> address_ranges(const json::value& value) {
    constexpr auto kMustBe = "must be an array of addresses and ranges, such as [\"192.0.2.1\", \"2001:db8::/32\"]";
    if (!value.is_array()) throw BadValue{kMustBe};
    std::vector<IpRange> ranges;
    for (const json::value& item : value.get_array()) {
        const std::string_view text = text_of_item(item, kMustBe);
        const auto range = IpRange::parse(text);
        if (!range) refuse_item(kMustBe, item, meant_range(text));
        ranges.push_back(*range);
    }
    return ranges;
}

void read_exempt_addresses(Config& config, const json::value& value) {
    config.of_address.exempt = address_ranges(value);
}

void read_metrics_addresses(Config& config, const json::value& value) {
    config.metrics_addresses = address_ranges(value);
}

void read_trusted_proxies(Config& config, const json::value& value) { config.trusted_proxies = address_ranges(value); }

template <auto kLimit>
void read_address_limit(Config& config, const json::value& value) {
    constexpr std::int64_t kMax = 1'000'000'000'000;
    if (!value.is_int64() || value.get_int64() < 0 || value.get_int64() > kMax)
        throw BadValue{fmt::format("must be a whole number from 0 to {}", kMax)};
    config.of_address.*kLimit = static_cast<std::uint64_t>(value.get_int64());
}

void read_hosts(Config& config, const json::value& value) {
    constexpr auto kMustBe =
        "must be an array of host names, such as [\"chat.example.org\", \"[2001:db8::1]:8080\"], or [\"*\"]";
    if (!value.is_array()) throw BadValue{kMustBe};
    std::vector<std::string> hosts;
    for (const json::value& item : value.get_array()) {
        const auto text = text_of_item(item, kMustBe);
        if (text != "*" && !parse_host(text)) refuse_item(kMustBe, item);
        hosts.emplace_back(text);
    }
    config.hosts = std::move(hosts);
}

template <auto kMember>
void read_bool(Config& config, const json::value& value) {
    if (!value.is_bool()) throw BadValue{"must be true or false"};
    config.*kMember = value.get_bool();
}

template <auto kMember, std::int64_t kMin, std::int64_t kMax>
void read_whole(Config& config, const json::value& value) {
    if (!value.is_int64() || value.get_int64() < kMin || value.get_int64() > kMax)
        throw BadValue{fmt::format("must be a whole number from {} to {}", kMin, kMax)};
    config.*kMember = static_cast<std::remove_cvref_t<decltype(config.*kMember)>>(value.get_int64());
}

/// Seconds, fractions allowed, kept in milliseconds.
template <auto kMember>
void read_seconds(Config& config, const json::value& value) {
    constexpr double kMin = 0.001;
    constexpr double kMax = 1e9;
    const double seconds = value.is_number() ? value.to_number<double>() : 0;
    if (!(seconds >= kMin && seconds <= kMax))
        throw BadValue{fmt::format("must be a number of seconds from {} to {:.0f}", kMin, kMax)};
    config.*kMember = std::chrono::milliseconds(std::llround(seconds * 1000));
}

template <class Choice>
struct Named {
    std::string_view name;
    Choice choice;
};
constexpr Named<StoreKind> kStores[] = {{"sqlite", StoreKind::sqlite}, {"memory", StoreKind::memory}};
constexpr Named<DurabilityLevel> kDurabilities[] = {{"process", DurabilityLevel::process},
                                                    {"power", DurabilityLevel::power}};
constexpr Named<LogLevel> kLogLevels[] = {{"trace", LogLevel::trace}, {"debug", LogLevel::debug},
                                          {"info", LogLevel::info},   {"warn", LogLevel::warn},
                                          {"error", LogLevel::error}, {"off", LogLevel::off}};

template <auto kMember, const auto& kChoices>
void read_choice(Config& config, const json::value& value) {
    const auto* found = std::end(kChoices);
    if (value.is_string())
        found = std::ranges::find(kChoices, std::string_view(value.get_string()), [](const auto& c) { return c.name; });
    if (found == std::end(kChoices)) {
        std::string must_be = "must be one of";
        for (const auto& choice : kChoices) must_be += fmt::format(" \"{}\"", choice.name);
        throw BadValue{must_be};
    }
    config.*kMember = found->choice;
}

struct Key {
    std::string_view name;
    void (*read)(Config&, const json::value&);
};

constexpr Key kKeys[] = {
    {"Address", read_address},
    {"RedisURL", read_redis_url},
    {"ReadTimeout", read_seconds<&Config::read_timeout>},
    {"WriteTimeout", read_seconds<&Config::write_timeout>},
    {"KeepAliveTimeout", read_seconds<&Config::keep_alive_timeout>},
    {"MaxHeaderBytes", read_whole<&Config::max_header_bytes, 4096, 65'536>},
    {"TLSCert", read_certificate_file<&TlsFiles::certificate>},
    {"TLSKey", read_certificate_file<&TlsFiles::key>},
    {"HSTSSeconds", read_whole<&Config::hsts_s, 0, 315'360'000>},
    {"RedirectAddress", read_redirect_address},
    {"RedirectPort", read_whole<&Config::redirect_port, 0, 65'535>},
    {"ChallengeDir", read_challenge_dir},
    {"Static", read_static},
    {"DataDir", read_data_dir},
    {"Store", read_choice<&Config::store, kStores>},
    {"Durability", read_choice<&Config::durability, kDurabilities>},
    {"Retention", read_whole<&Config::retention_s, 0, 3'153'600'000>},
    {"MaxEvents", read_whole<&Config::max_events, 0, 9'007'199'254'740'992>},
    {"AllowedOrigins", read_origins<&Config::allowed_origins>},
    {"Hosts", read_hosts},
    {"TrustedProxies", read_trusted_proxies},
    {"MetricsAddresses", read_metrics_addresses},
    {"FrameAncestors", read_origins<&Config::frame_ancestors>},
    {"TokenMinutes", read_whole<&Config::token_life, 1, 525'600>},
    {"RequireOwner", read_bool<&Config::require_owner>},
    {"MessagesPerSecond", read_whole<&Config::messages_per_second, 0, 1'000'000>},
    {"MessageBurst", read_whole<&Config::message_burst, 1, 1'000'000>},
    {"RoomMessagesPerSecond", read_whole<&Config::room_messages_per_second, 0, 50'000'000>},
    {"BacklogBytes", read_whole<&Config::backlog_bytes, 65'536, 1'073'741'824>},
    {"IoThreads", read_whole<&Config::io_threads, 0, Config::kMaxIoThreads>},
    {"HashThreads", read_whole<&Config::hash_threads, 0, 256>},
    {"MaxConnections", read_whole<&Config::max_connections, 0, 10'000'000>},
    {"MaxRooms", read_whole<&Config::max_rooms, 0, 1'000'000'000>},
    {"MinFreeDisk", read_whole<&Config::min_free_disk, 0, 1'000'000'000'000'000>},
    {"AddressConnections", read_address_limit<&AddressLimitValues::open_connections>},
    {"AddressConnectionsPerMinute", read_address_limit<&AddressLimitValues::connections_per_minute>},
    {"AddressRequestsPerMinute", read_address_limit<&AddressLimitValues::requests_per_minute>},
    {"AddressUpgradesPerMinute", read_address_limit<&AddressLimitValues::upgrades_per_minute>},
    {"AddressRoomsPerHour", read_address_limit<&AddressLimitValues::rooms_per_hour>},
    {"AddressTokensPerMinute", read_address_limit<&AddressLimitValues::tokens_per_minute>},
    {"AddressJoinsPerMinute", read_address_limit<&AddressLimitValues::joins_per_minute>},
    {"AddressEventsPerMinute", read_address_limit<&AddressLimitValues::events_per_minute>},
    {"AddressStoredBytesPerHour", read_address_limit<&AddressLimitValues::stored_bytes_per_hour>},
    {"AddressHistoryPerMinute", read_address_limit<&AddressLimitValues::history_per_minute>},
    {"AddressGuessesPerMinute", read_address_limit<&AddressLimitValues::guesses_per_minute>},
    {"ExemptAddresses", read_exempt_addresses},
    {"LogLevel", read_choice<&Config::log_level, kLogLevels>},
};

/// `at`: offset in bytes of where the parser gave up. Lines and columns count from 1, columns in bytes.
std::string describe_position(std::string_view text, std::size_t at) {
    const auto before = text.substr(0, at);
    const auto line = 1 + std::ranges::count(before, '\n');
    const auto column = at - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0: the first line.
    return fmt::format("line {}, column {}", line, column);
}

/// Finds a duplicate key of the outermost object: Boost's parser silently drops all but the last.
class RepeatedKey {
public:
    // NOLINTBEGIN(readability-identifier-naming): the names are Boost's.
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;
    // NOLINTEND(readability-identifier-naming)

    const std::optional<std::string>& key() const { return repeated_; }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return move(1); }
    bool on_object_end(std::size_t, json::error_code&) { return move(-1); }
    bool on_array_begin(json::error_code&) { return move(1); }
    bool on_array_end(std::size_t, json::error_code&) { return move(-1); }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        if (depth_ == 1) key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t size, json::error_code& error) {
        on_key_part(part, size, error);
        if (depth_ == 1 && !keys_.insert(key_).second && !repeated_) repeated_ = key_;
        key_.clear();
        return true;
    }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    bool move(int by) {
        depth_ += by;
        return true;
    }

    int depth_ = 0;
    std::string key_;  // the parts so far
    std::set<std::string> keys_;
    std::optional<std::string> repeated_;
};

/// `text` is valid JSON.
std::optional<std::string> repeated_key(std::string_view text) {
    json::basic_parser<RepeatedKey> parser{json::parse_options()};
    json::error_code error;
    parser.write_some(false, text.data(), text.size(), error);
    return parser.handler().key();
}

json::value parse_json(std::string_view text, std::string_view file_name) {
    json::parser parser;
    boost::system::error_code error;
    const std::size_t parsed = parser.write_some(text.data(), text.size(), error);
    std::size_t rest = parsed;
    if (!error) rest = std::min(text.find_first_not_of(" \t\r\n", parsed), text.size());
    if (error || rest != text.size())
        throw ConfigError(fmt::format("{}: invalid JSON at {}", file_name, describe_position(text, rest)));
    return parser.release();
}

[[noreturn]] void refuse_key(std::string_view file_name, std::string_view name) {
    const auto meant = meant_key(name, config_keys());
    throw ConfigError(
        fmt::format("{}: {}: unknown key{}", file_name, name, meant ? fmt::format(" (did you mean {}?)", *meant) : ""));
}

}  // namespace

void apply_config_json(Config& config, std::string_view text, std::string_view file_name) {
    if (const auto encoding = wide_encoding(text); !encoding.empty())
        throw ConfigError(fmt::format("{}: is {}, must be UTF-8", file_name, encoding));
    text = without_byte_order_mark(text);
    const json::value document = parse_json(text, file_name);
    if (!document.is_object()) throw ConfigError(fmt::format("{}: must be a JSON object", file_name));
    if (const auto key = repeated_key(text)) throw ConfigError(fmt::format("{}: {}: duplicate key", file_name, *key));
    for (const auto& [name, value] : document.get_object()) {
        const auto* key = std::ranges::find(kKeys, std::string_view(name), &Key::name);
        if (key == std::end(kKeys)) refuse_key(file_name, name);
        try {
            key->read(config, value);
        } catch (const BadValue& bad) {
            throw ConfigError(fmt::format("{}: {}: {}", file_name, key->name, bad.must_be));
        }
    }
}

std::vector<std::string_view> config_keys() {
    std::vector<std::string_view> names;
    for (const Key& key : kKeys) names.push_back(key.name);
    return names;
}

}  // namespace globes
