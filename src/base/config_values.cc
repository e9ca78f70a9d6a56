#include "base/config_values.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace globes {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_host(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
    });
}

/// The text between the brackets. Only `bind` checks whether it is a valid IPv6 address.
bool is_bracketed_host(std::string_view text) {
    return text.contains(':') && std::ranges::all_of(text, [](char c) {
               return is_letter(c) || is_digit(c) || c == ':' || c == '.' || c == '%';
           });
}

/// The end of the host: after the brackets, or at the first colon. `text.size()` if no port follows.
std::size_t end_of_host(std::string_view text) {
    if (!text.starts_with('[')) return std::min(text.find(':'), text.size());
    const auto bracket = text.find(']');
    return bracket == std::string_view::npos ? text.size() : bracket + 1;
}

/// The host without its brackets.
std::optional<std::string_view> bare_host(std::string_view host) {
    if (host.starts_with('[')) {
        if (!host.ends_with(']')) return std::nullopt;
        host = host.substr(1, host.size() - 2);
        return is_bracketed_host(host) ? std::optional(host) : std::nullopt;
    }
    return is_host(host) ? std::optional(host) : std::nullopt;
}

/// Only the start of longer keys is compared, because the time for a distance is the product of the lengths.
constexpr std::size_t kComparedBytes = 32;

struct Alias {
    std::string_view written;
    std::string_view meant;
};

/// Names of the same setting in other programs, which are not similar to ours. In the form of `bare_key`.
constexpr Alias kAliases[] = {
    {"mongourl", "MONGODB_URI"},
    {"mongodbhost", "MONGODB_CLUSTER"},
    {"mongohost", "MONGODB_CLUSTER"},
    {"mongopass", "MONGODB_PASSWORD"},
    {"mongodbpass", "MONGODB_PASSWORD"},
    {"secret", "SECRET_KEY"},
    {"jwtsecret", "SECRET_KEY"},
    // Names of the original system, and similar ones.
    {"dbuser", "MONGODB_USER"},
    {"dbusername", "MONGODB_USER"},
    {"dbpassword", "MONGODB_PASSWORD"},
    {"dbpass", "MONGODB_PASSWORD"},
    {"dbpwd", "MONGODB_PASSWORD"},
    {"dbcluster", "MONGODB_CLUSTER"},
    {"dbhost", "MONGODB_CLUSTER"},
    {"dbname", "MONGODB_DATABASE"},
    {"mongodbdb", "MONGODB_DATABASE"},
    {"mongodb", "MONGODB_URI"},
    {"database", "MONGODB_DATABASE"},
    {"dburi", "MONGODB_URI"},
    {"dburl", "MONGODB_URI"},
};

/// Only the letters, in lower case, and digits.
std::string bare_key(std::string_view key) {
    std::string bare;
    for (const char c : key.substr(0, kComparedBytes))
        if (c != '_' && c != '-' && c != '.') bare.push_back(ascii_lower(c));
    return bare;
}

/// The number of letters to insert, delete or replace (Levenshtein distance).
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < one.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < other.size(); ++j) {
            const std::size_t replaced = diagonal + (one[i] == other[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

std::optional<HostPort> parse_host_port(std::string_view text) {
    const auto split = end_of_host(text);
    if (split == text.size() || text[split] != ':') return std::nullopt;
    const auto port = parse_port(text.substr(split + 1));
    if (!port) return std::nullopt;
    if (split == 0) return HostPort{"0.0.0.0", *port};
    const auto host = bare_host(text.substr(0, split));
    if (!host) return std::nullopt;
    return HostPort{std::string(*host), *port};
}

std::optional<std::string_view> meant_key(std::string_view key, std::span<const std::string_view> known) {
    const std::string written = bare_key(key);
    const auto* const alias = std::ranges::find(kAliases, written, &Alias::written);
    if (alias != std::end(kAliases)) return alias->meant;
    std::optional<std::string_view> nearest;
    std::size_t least = 3;  // two letters may differ,
    for (const std::string_view candidate : known) {
        const std::string bare = bare_key(candidate);
        const std::size_t letters = distance(written, bare);
        if (letters >= least || 4 * letters > bare.size()) continue;  // but no more than one in four
        least = letters;
        nearest = candidate;
    }
    return nearest;
}

}  // namespace globes
