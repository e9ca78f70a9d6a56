#include "api/hosts.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "api/refusal_log.h"
#include "api/request.h"
#include "api/wire/errors.h"

namespace globes::api {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr int kMisdirectedRequest = 421;

/// Whether a request to `host` is to `entry`. Without a port, `entry` has any, and `host` that of its scheme, which is
/// https behind a proxy.
bool matches(const HostName& entry, const HostName& host) {
    if (entry.name != host.name) return false;
    if (!entry.port || entry.port == host.port) return true;
    return !host.port && (entry.port == kHttpPort || entry.port == kHttpsPort);
}

}  // namespace

std::string_view host_text(const net::HttpRequest& request) {
    std::string_view text = request.header("host");
    if (text.size() > 1 && text.ends_with(':')) text.remove_suffix(1);
    return text;
}

Hosts::Hosts(const HostSettings& settings) {
    const std::vector<std::string>& listed = settings.listed;
    serve_all_ = listed.empty() ? !settings.is_local : std::ranges::find(listed, "*") != listed.end();
    if (serve_all_) return;
    for (const std::string& text : listed) add(text);
    for (const std::string& origin : settings.allowed_origins) {
        const std::size_t scheme_end = origin.find("://");
        if (scheme_end == std::string::npos) continue;  // not a host, but `*`
        if (auto host = parse_host(std::string_view(origin).substr(scheme_end + 3)))
            names_.push_back({.name = std::move(host->name), .port = std::nullopt});
    }
    if (!listed.empty()) return;
    for (const char* const text : {"localhost", "127.0.0.1", "[::1]"}) add(text);
    const bool is_ipv6 = settings.own.contains(':');
    add(is_ipv6 ? '[' + settings.own + ']' : settings.own);
}

void Hosts::add(std::string_view text) {
    if (auto name = parse_host(text)) names_.push_back(*std::move(name));
}

bool Hosts::serve(const net::HttpRequest& request) const {
    if (serve_all_) return true;
    const auto header = std::ranges::find(request.headers, "host", &std::pair<std::string, std::string>::first);
    if (header == request.headers.end()) return true;
    const auto host = parse_host(host_text(request));
    return host && std::ranges::any_of(names_, [&](const HostName& entry) { return matches(entry, *host); });
}

std::optional<net::HttpResponse> host_refusal(const net::HttpRequest& request, const Hosts& hosts, RefusalLog& log) {
    if (is_probe(request) || hosts.serve(request)) return std::nullopt;
    log.unknown_host(request);
    net::HttpResponse response = error_response(Error{ErrorCode::bad_request}, kMisdirectedRequest);
    response.log_note = "reason=host";
    return response;
}

}  // namespace globes::api
