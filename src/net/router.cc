#include "net/router.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <ranges>

#include "base/text.h"

namespace globes::net {
namespace {

/// Returns the text between slashes; `/` has one empty segment. Returns nothing if `path` does not begin with a slash.
std::vector<std::string_view> split_path(std::string_view path) {
    std::vector<std::string_view> segments;
    if (!path.starts_with('/')) return segments;
    for (const auto segment : std::views::split(path.substr(1), '/'))
        segments.emplace_back(segment.begin(), segment.end());
    if (segments.empty()) segments.emplace_back();
    return segments;
}

/// Returns the decoded segments of the path, or nothing if one of them does not decode.
std::optional<std::vector<std::string>> decode_path(std::string_view target) {
    std::vector<std::string> segments;
    for (const std::string_view segment : split_path(target_path(target))) {
        auto decoded = percent_decode(segment);
        if (!decoded) return std::nullopt;
        segments.push_back(std::move(*decoded));
    }
    return segments;
}

}  // namespace

void Router::add(std::string_view method, std::string_view path, RouteHandler handler) {
    assert(path.starts_with('/') && handler);
    Route route{std::string(method), {}, std::move(handler)};
    for (const std::string_view segment : split_path(path)) {
        const bool is_parameter = segment.starts_with('{') && segment.ends_with('}');
        route.path.push_back({is_parameter, std::string(segment)});
    }
    routes_.push_back(std::move(route));
}

std::expected<Router::Match, Router::Miss> Router::match(std::string_view method, std::string_view target) const {
    const auto segments = decode_path(target);
    if (!segments) return std::unexpected(Miss{});

    std::vector<std::string_view> allowed;
    const auto allow = [&](std::string_view name) {
        if (std::ranges::find(allowed, name) == allowed.end()) allowed.push_back(name);
    };
    const Route* found = nullptr;
    for (const Route& route : routes_) {
        if (!fits(route, *segments)) continue;
        if (route.method == method) {
            found = &route;
            break;
        }
        if (route.method == "GET" && method == "HEAD" && found == nullptr) found = &route;
        allow(route.method);
        if (route.method == "GET") allow("HEAD");
    }
    if (found == nullptr) {
        Miss miss;
        for (const std::string_view name : allowed) miss.allow.append(miss.allow.empty() ? "" : ", ").append(name);
        return std::unexpected(std::move(miss));
    }
    assert(found->path.size() == segments->size());
    Match match{&found->handler, {}};
    for (std::size_t i = 0; i < segments->size(); ++i)
        if (found->path[i].is_parameter) match.parameters.push_back((*segments)[i]);
    return match;
}

bool Router::fits(const Route& route, const std::vector<std::string>& segments) {
    return std::ranges::equal(route.path, segments, [](const Segment& expected, const std::string& segment) {
        return expected.is_parameter ? !segment.empty() : segment == expected.text;
    });
}

std::string_view target_path(std::string_view target) { return target.substr(0, target.find('?')); }

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded.push_back(text[i]);
            continue;
        }
        const std::string_view digits = text.substr(i + 1, 2);
        unsigned char byte = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (digits.size() != 2 || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
        decoded.push_back(static_cast<char>(byte));
        i += digits.size();
    }
    if (!is_valid_utf8(decoded)) return std::nullopt;
    return decoded;
}

std::optional<std::string> query_parameter(std::string_view target, std::string_view name) {
    const auto decode = [](std::string_view text) { return percent_decode(text).value_or(std::string(text)); };
    const std::size_t mark = target.find('?');
    if (mark == std::string_view::npos) return std::nullopt;
    for (const auto part : std::views::split(target.substr(mark + 1), '&')) {
        const std::string_view parameter(part.begin(), part.end());
        if (parameter.empty()) continue;
        const std::size_t name_end = std::min(parameter.find('='), parameter.size());
        const std::string_view written = parameter.substr(0, name_end);
        if (written.contains('%') ? decode(written) != name : written != name) continue;
        return decode(parameter.substr(std::min(name_end + 1, parameter.size())));
    }
    return std::nullopt;
}

}  // namespace globes::net
