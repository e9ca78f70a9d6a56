#include "net/forwarded.h"

#include <algorithm>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace globes::net {
namespace {

constexpr std::string_view kFor = "x-forwarded-for";
constexpr std::string_view kProto = "x-forwarded-proto";
constexpr std::string_view kForwarded = "forwarded";

bool has(const HttpRequest& request, std::string_view name) {
    return std::ranges::any_of(request.headers, [&](const auto& header) { return header.first == name; });
}

/// Some proxies state the scheme of a WebSocket.
bool is_https(std::string_view scheme) {
    return equals_ignoring_case(scheme, "https") || equals_ignoring_case(scheme, "wss");
}

/// A port, or an obfuscated one (RFC 7239, 6).
bool is_identifier(std::string_view text) {
    constexpr std::string_view kMarks = "._-";
    return !text.empty() &&
           std::ranges::all_of(text, [&](char c) { return is_ascii_alphanumeric(c) || kMarks.contains(c); });
}

/// `text`: what follows an address.
bool is_port_or_empty(std::string_view text) {
    return text.empty() || (text.starts_with(':') && is_identifier(text.substr(1)));
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
std::optional<IpAddress> parse_node(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view address = text.substr(1, end - 1);
        if (!is_port_or_empty(text.substr(end + 1)) || !address.contains(':')) return std::nullopt;
        return IpAddress::parse(address);
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon != text.rfind(':')) return IpAddress::parse(text);
    return is_port_or_empty(text.substr(colon)) ? IpAddress::parse(text.substr(0, colon)) : std::nullopt;
}

// --- X-Forwarded-For -------------------------------------------------------------------------------------------------

ForwardedClient by_x_forwarded_for(const HttpRequest& request, const IpAddress& peer,
                                   const std::vector<IpRange>& trusted) {
    const auto hops = request.header_list(kFor);
    ForwardedClient client{.address = peer, .is_secure = std::nullopt};
    std::size_t at = hops.size();
    while (at > 0 && hops.size() - at < kMaxForwardedHops) {
        const auto stated = parse_node(hops[at - 1]);
        if (!stated) break;
        client.address = stated;
        --at;
        if (!contains(trusted, *stated)) break;
    }
    // Usually one for all, stated by the last proxy. A list of the same length has one for each element.
    const auto schemes = request.header_list(kProto);
    if (!schemes.empty())
        client.is_secure =
            is_https(schemes.size() == hops.size() ? schemes[std::min(at, hops.size() - 1)] : schemes.back());
    return client;
}

// --- Forwarded -------------------------------------------------------------------------------------------------------

/// Whether the quote at `at` is behind an odd number of backslashes.
bool is_escaped(std::string_view text, std::size_t at) {
    std::size_t begin = at;
    while (begin > 0 && text[begin - 1] == '\\') --begin;
    return (at - begin) % 2 != 0;
}

/// Removes the last element of a list and returns it. Reads from the end, because a quote that the client has opened
/// must not hide what a proxy has appended.
std::string_view take_last(std::string_view& list) {
    std::size_t begin = list.size();
    for (bool is_quoted = false; begin > 0; --begin) {
        const char c = list[begin - 1];
        if (c == '"' && !is_escaped(list, begin - 1)) is_quoted = !is_quoted;
        if (c == ',' && !is_quoted) break;
    }
    const std::string_view element = list.substr(begin);
    list = list.substr(0, begin == 0 ? 0 : begin - 1);
    return trim_blanks(element);
}

struct ForwardedElement {
    std::optional<std::string> node;    ///< `for`
    std::optional<std::string> scheme;  ///< `proto`
};

/// Parses `for=192.0.2.1;proto=https` from left to right.
class ElementText {
public:
    explicit ElementText(std::string_view text) : rest_(text) {}

    std::optional<ForwardedElement> parse() {
        ForwardedElement element;
        while (!rest_.empty()) {
            if (skip_semicolon()) continue;
            const std::string_view name = take_token();
            if (name.empty() || !skip('=')) return std::nullopt;
            auto value = take_value();
            if (!value) return std::nullopt;
            if (!add(element, name, *std::move(value))) return std::nullopt;
            if (!rest_.empty() && !skip_semicolon()) return std::nullopt;
        }
        return element;
    }

private:
    static bool add(ForwardedElement& element, std::string_view name, std::string value) {
        const bool is_node = equals_ignoring_case(name, "for");
        if (!is_node && !equals_ignoring_case(name, "proto")) return true;
        auto& member = is_node ? element.node : element.scheme;
        if (member) return false;
        member = std::move(value);
        return true;
    }

    bool skip(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// With blanks around it, which the grammar does not have.
    bool skip_semicolon() {
        rest_ = trim_blanks(rest_);
        if (!skip(';')) return false;
        rest_ = trim_blanks(rest_);
        return true;
    }
    std::string_view take_token() {
        std::size_t length = 0;
        while (length < rest_.size() && is_http_token(rest_.substr(length, 1))) ++length;
        const std::string_view token = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return token;
    }
    std::optional<std::string> take_value() {
        if (!skip('"')) {
            const std::string_view token = take_token();
            return token.empty() ? std::nullopt : std::optional<std::string>(token);
        }
        std::string text;
        while (!rest_.empty()) {
            if (skip('"')) return text;
            if (rest_.starts_with('\\')) rest_.remove_prefix(1);
            if (rest_.empty()) break;
            text += rest_.front();
            rest_.remove_prefix(1);
        }
        return std::nullopt;
    }

    std::string_view rest_;
};

/// Whether a proxy does not tell the address: `unknown`, or an identifier of its own (RFC 7239, 6.2 and 6.3).
bool is_obfuscated(std::string_view node) {
    const std::string_view name = node.substr(0, node.find(':'));
    return is_port_or_empty(node.substr(name.size())) &&
           (equals_ignoring_case(name, "unknown") || (name.starts_with('_') && is_identifier(name.substr(1))));
}

/// Reads what the proxies state, the last one first.
class ForwardedWalk {
public:
    ForwardedWalk(const IpAddress& peer, const std::vector<IpRange>& trusted) : trusted_(trusted) {
        client_.address = peer;
    }

    /// Returns whether the element before this one counts too.
    bool visit(std::string_view text) {
        if (hops_++ == kMaxForwardedHops) return false;
        const auto element = ElementText(text).parse();
        if (!element) return false;
        const auto stated = element->node ? parse_node(*element->node) : std::nullopt;
        if (!stated && element->node && !is_obfuscated(*element->node)) return false;
        client_.is_secure = element->scheme ? std::optional(is_https(*element->scheme)) : std::nullopt;
        if (!stated) return false;
        client_.address = stated;
        return contains(trusted_, *stated);
    }
    const ForwardedClient& client() const { return client_; }

private:
    const std::vector<IpRange>& trusted_;
    ForwardedClient client_;
    std::size_t hops_ = 0;
};

ForwardedClient by_forwarded(const HttpRequest& request, const IpAddress& peer, const std::vector<IpRange>& trusted) {
    ForwardedWalk walk(peer, trusted);
    for (const auto& [name, value] : request.headers | std::views::reverse) {
        if (name != kForwarded) continue;
        for (std::string_view list = value; !list.empty();) {
            const std::string_view element = take_last(list);
            if (!element.empty() && !walk.visit(element)) return walk.client();
        }
    }
    return walk.client();
}

}  // namespace

ForwardedClient forwarded_client(const HttpRequest& request, const IpAddress& peer,
                                 const std::vector<IpRange>& trusted) {
    if (has(request, kFor)) return by_x_forwarded_for(request, peer, trusted);
    ForwardedClient client;
    if (has(request, kForwarded)) client = by_forwarded(request, peer, trusted);
    const auto schemes = request.header_list(kProto);
    if (!client.is_secure && !schemes.empty()) client.is_secure = is_https(schemes.back());
    return client;
}

}  // namespace globes::net
