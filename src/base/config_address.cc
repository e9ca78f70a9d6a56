#include "base/config_address.h"

#include <algorithm>
#include <charconv>

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

bool is_scheme(std::string_view text) {
    return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
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

std::optional<std::string> parse_origin(std::string_view text) {
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos || !is_scheme(text.substr(0, scheme_end))) return std::nullopt;
    const auto authority = text.substr(scheme_end + 3);
    const auto split = end_of_host(authority);
    if (!bare_host(authority.substr(0, split))) return std::nullopt;

    std::string origin(text.substr(0, scheme_end + 3 + split));
    std::ranges::transform(origin, origin.begin(),
                           [](char c) { return is_letter(c) ? static_cast<char>(c | 0x20) : c; });
    if (split == authority.size()) return origin;

    const auto port = authority[split] == ':' ? parse_port(authority.substr(split + 1)) : std::nullopt;
    if (!port || *port == 0) return std::nullopt;
    const bool is_default =
        (origin.starts_with("http://") && *port == 80) || (origin.starts_with("https://") && *port == 443);
    if (!is_default) origin += ':' + std::to_string(*port);
    return origin;
}

}  // namespace globes
