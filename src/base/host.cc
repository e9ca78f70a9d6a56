#include "base/host.h"

#include <fmt/format.h>
#include <unicode/uidna.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <memory>
#include <ranges>
#include <utility>
#include <vector>

#include "base/config_values.h"
#include "base/text.h"

namespace globes {
namespace {

constexpr std::size_t kMaxNameBytes = 253;  // RFC 1035, as text
constexpr std::size_t kGroups = 8;          // of an IPv6 address

bool is_name(std::string_view text) {
    constexpr std::string_view kMarks = ".-_";
    if (text.contains("..") || (text.starts_with('.') && text != ".")) return false;  // an empty label
    return !text.empty() &&
           std::ranges::all_of(text, [&](char c) { return is_ascii_alphanumeric(c) || kMarks.contains(c); });
}

bool is_scheme(std::string_view text) {
    constexpr std::string_view kMarks = "+-.";
    return !text.empty() && ascii_lower(text.front()) >= 'a' && ascii_lower(text.front()) <= 'z' &&
           std::ranges::all_of(text, [&](char c) { return is_ascii_alphanumeric(c) || kMarks.contains(c); });
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), ascii_lower);
    return result;
}

// --- names in other scripts ------------------------------------------------------------------------------------------

/// The ASCII form of a name, as browsers form it from a URL; empty if it has none.
std::optional<std::string> to_ascii(std::string_view name) {
    // A longer text cannot have an ASCII form that is short enough.
    if (name.size() > 4 * kMaxNameBytes) return std::nullopt;
    UErrorCode failure = U_ZERO_ERROR;
    constexpr auto kOptions = UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ;
    const std::unique_ptr<UIDNA, decltype(&uidna_close)> idna(uidna_openUTS46(kOptions, &failure), uidna_close);
    if (U_FAILURE(failure)) return std::nullopt;
    std::string ascii(kMaxNameBytes + 2, '\0');
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    const std::int32_t size =
        uidna_nameToASCII_UTF8(idna.get(), name.data(), static_cast<std::int32_t>(name.size()), ascii.data(),
                               static_cast<std::int32_t>(ascii.size()), &info, &failure);
    if (U_FAILURE(failure) || info.errors != 0 || std::cmp_greater(size, ascii.size())) return std::nullopt;
    ascii.resize(static_cast<std::size_t>(size));
    return ascii;
}

// --- IPv6 addresses --------------------------------------------------------------------------------------------------

/// Appends the four bytes of an IPv4 address as two groups.
bool append_ipv4(std::string_view text, std::vector<std::uint16_t>& groups) {
    std::uint32_t address = 0;
    int parts = 0;
    for (const auto part : std::views::split(text, '.')) {
        const std::string_view digits(part.begin(), part.end());
        std::uint8_t byte = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte);
        if (error != std::errc{} || end != digits.data() + digits.size()) return false;
        address = address << 8 | byte;
        ++parts;
    }
    if (parts != 4) return false;
    groups.push_back(static_cast<std::uint16_t>(address >> 16));
    groups.push_back(static_cast<std::uint16_t>(address));
    return true;
}

/// Appends the groups between colons; an empty text has none. `is_end`: the last of them may be an IPv4 address.
bool append_groups(std::string_view text, bool is_end, std::vector<std::uint16_t>& groups) {
    while (!text.empty()) {
        const std::size_t colon = std::min(text.find(':'), text.size());
        const std::string_view digits = text.substr(0, colon);
        const bool is_last = colon == text.size();
        if (is_last && is_end && digits.contains('.')) return append_ipv4(digits, groups);
        std::uint16_t group = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), group, 16);
        if (error != std::errc{} || end != digits.data() + digits.size() || digits.size() > 4) return false;
        groups.push_back(group);
        if (is_last) return true;
        text.remove_prefix(colon + 1);
        if (text.empty()) return false;  // ends in a single colon
    }
    return true;
}

using Address = std::array<std::uint16_t, kGroups>;

std::optional<Address> parse_ipv6(std::string_view text) {
    const std::size_t gap = text.find("::");
    std::vector<std::uint16_t> head;
    std::vector<std::uint16_t> tail;
    const bool has_gap = gap != std::string_view::npos;
    if (!append_groups(text.substr(0, gap), !has_gap, head)) return std::nullopt;
    if (has_gap && !append_groups(text.substr(gap + 2), true, tail)) return std::nullopt;
    const std::size_t count = head.size() + tail.size();
    if (has_gap ? count >= kGroups : count != kGroups) return std::nullopt;
    Address address{};
    std::ranges::copy(head, address.begin());
    std::ranges::copy_backward(tail, address.end());
    return address;
}

/// RFC 5952: the longest run of at least two zero groups, the first of equal ones, is `::`.
std::string format_ipv6(const Address& address) {
    std::size_t begin = kGroups;
    std::size_t length = 1;
    for (std::size_t at = 0; at < kGroups; ++at) {
        std::size_t run = 0;
        while (at + run < kGroups && address.at(at + run) == 0) ++run;
        if (run <= length) continue;
        begin = at;
        length = run;
    }
    std::string text;
    for (std::size_t at = 0; at < kGroups; ++at) {
        if (at == begin) {
            text += "::";
            at += length - 1;
            continue;
        }
        if (!text.empty() && !text.ends_with(':')) text += ':';
        text += fmt::format("{:x}", address.at(at));
    }
    return text;
}

// --- hosts -----------------------------------------------------------------------------------------------------------

/// A host whose name may end in a dot.
std::optional<HostName> parse_authority(std::string_view text) {
    std::string name;
    std::size_t end = std::min(text.find(':'), text.size());
    if (text.starts_with('[')) {
        const std::size_t bracket = text.find(']');
        if (bracket == std::string_view::npos) return std::nullopt;
        const auto address = parse_ipv6(text.substr(1, bracket - 1));
        if (!address) return std::nullopt;
        name = '[' + format_ipv6(*address) + ']';
        end = bracket + 1;
    } else {
        const std::string_view written = text.substr(0, end);
        const bool is_ascii = std::ranges::all_of(written, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        const auto ascii = is_ascii ? std::optional<std::string>(written) : to_ascii(written);
        if (!ascii || !is_name(*ascii)) return std::nullopt;
        name = lower(*ascii);
        if (name.size() > kMaxNameBytes + (name.ends_with('.') ? 1 : 0)) return std::nullopt;
    }
    HostName host{.name = std::move(name), .port = std::nullopt};
    if (end == text.size()) return host;
    if (text[end] != ':') return std::nullopt;
    host.port = parse_port(text.substr(end + 1));
    if (!host.port || *host.port == 0) return std::nullopt;
    return host;
}

}  // namespace

std::optional<HostName> parse_host(std::string_view text) {
    auto host = parse_authority(text);
    if (host && host->name.size() > 1 && host->name.ends_with('.')) host->name.pop_back();
    return host;
}

std::optional<std::string> parse_origin(std::string_view text) {
    constexpr std::string_view kSeparator = "://";
    const std::size_t scheme_end = text.find(kSeparator);
    if (scheme_end == std::string_view::npos || !is_scheme(text.substr(0, scheme_end))) return std::nullopt;
    const auto host = parse_authority(text.substr(scheme_end + kSeparator.size()));
    if (!host) return std::nullopt;

    const std::string scheme = lower(text.substr(0, scheme_end));
    const bool is_default =
        !host->port || (scheme == "http" && host->port == 80) || (scheme == "https" && host->port == 443);
    return fmt::format("{}{}{}{}", scheme, kSeparator, host->name, is_default ? "" : fmt::format(":{}", *host->port));
}

}  // namespace globes
