// Any bytes as a Host, as an Origin, and as both headers of one request. An accepted text has one form, in which it is
// accepted again; a refused one is never the server's own.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/access.h"
#include "api/hosts.h"
#include "base/host.h"

namespace {

using namespace globes;

/// Unlike assert, also active in optimized builds.
void require(bool holds) {
    if (!holds) std::abort();
}

bool is_printable(std::string_view text) {
    for (const char c : text)
        if (c <= ' ' || c > '~') return false;
    return true;
}

std::string with_port(const HostName& host) {
    return host.port ? host.name + ':' + std::to_string(*host.port) : host.name;
}

void check_host(std::string_view text) {
    const auto host = parse_host(text);
    if (!host) return;
    require(!host->name.empty() && host->name.size() <= 253 && is_printable(host->name));
    require(host->name.find_first_of("@/?#%*\\\"',; ") == std::string::npos);
    require(!host->port || *host->port != 0);
    require(parse_host(with_port(*host)) == host);
    // An origin of the host is its own.
    const auto origin = parse_origin("http://" + std::string(text));
    require(origin && parse_origin(*origin) == origin);
}

void check_origin(std::string_view text) {
    const auto origin = parse_origin(text);
    if (!origin) return;
    require(is_printable(*origin) && parse_origin(*origin) == origin);
    require(parse_host(std::string_view(*origin).substr(origin->find("://") + 3)).has_value());
}

void check_request(std::string_view host, std::string_view origin) {
    static const api::Hosts local({.listed = {}, .allowed_origins = {}, .own = "127.0.0.1", .is_local = true});
    net::HttpRequest request;
    request.headers.emplace_back("host", host);
    request.headers.emplace_back("origin", origin);
    const bool is_served = local.serve(request);
    // An empty port (RFC 9110, 7.2) is not part of the name.
    const std::string_view text = api::host_text(request);
    const auto parsed = parse_host(text);
    require(!is_served ||
            (parsed && (parsed->name == "localhost" || parsed->name == "127.0.0.1" || parsed->name == "[::1]")));
    if (origin.empty() || !api::is_origin_allowed(request, {})) return;
    require(parsed.has_value());
    require(parse_origin(origin) == parse_origin("http://" + std::string(text)));
}

}  // namespace

/// The first line is the Host, the rest the Origin.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view host = input.substr(0, input.find('\n'));
    const std::string_view origin = host.size() < size ? input.substr(host.size() + 1) : std::string_view();
    for (const std::string_view text : {host, origin}) {
        check_host(text);
        check_origin(text);
    }
    check_request(host, origin);
    return 0;
}
