// Any values of the headers in which a proxy names its client. Whatever a client has sent in them, what the trusted
// proxies append decides; and without it, the client is one that a trusted hop has stated.
//
// Input: a line of the kind of header (`x` for X-Forwarded-For, anything else for Forwarded), lines of its values, and
// after an empty line those of X-Forwarded-Proto.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "net/forwarded.h"

namespace {

using namespace globes;
using namespace globes::net;

/// Unlike assert, also active in optimized builds.
void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

const std::vector<IpRange> kTrusted{*IpRange::parse("10.0.0.0/8"), *IpRange::parse("2001:db8:1::/48")};
const IpAddress kPeer = *IpAddress::parse("10.0.0.1");
const IpAddress kClient = *IpAddress::parse("2001:db8::1");

ForwardedClient read(const HttpRequest& request) { return forwarded_client(request, kPeer, kTrusted); }

/// Appends to the last of these headers, as most proxies do, or in a header of its own.
HttpRequest append(HttpRequest request, const std::string& name, const std::string& element, bool in_line) {
    const auto last = std::find_if(request.headers.rbegin(), request.headers.rend(),
                                   [&](const auto& header) { return header.first == name; });
    if (in_line && last != request.headers.rend())
        last->second += ", " + element;
    else
        request.headers.emplace_back(name, element);
    return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const bool is_x = take_line(input) == "x";
    const std::string name = is_x ? "x-forwarded-for" : "forwarded";
    HttpRequest request;
    while (!input.empty()) {
        const std::string_view line = take_line(input);
        if (line.empty()) break;
        request.headers.emplace_back(name, line);
    }
    while (!input.empty()) request.headers.emplace_back("x-forwarded-proto", take_line(input));

    const ForwardedClient client = read(request);
    const bool has_header = std::ranges::any_of(request.headers, [&](const auto& h) { return h.first == name; });
    require(client.address.has_value() == has_header);
    require(client == read(request));

    for (const bool in_line : {true, false}) {
        const auto appended = [&](const char* x, const char* forwarded) {
            return append(request, name, is_x ? x : forwarded, in_line);
        };
        // A client, and behind it another trusted proxy.
        HttpRequest one = appended("2001:db8::1", "for=\"[2001:db8::1]:4711\";proto=https");
        require(read(one).address == kClient);
        require(is_x || read(one).is_secure == true);
        one = append(one, name, is_x ? "10.0.0.2" : "for=10.0.0.2;host=\"a\\\",for=192.0.2.1;x=\\\"b\"", in_line);
        require(read(one).address == kClient);
        // What is behind an element that states nothing does not count.
        require(read(appended("unknown", "for=unknown")).address == kPeer);
        // X-Forwarded-For goes before Forwarded.
        if (!is_x) require(read(append(one, "x-forwarded-for", "192.0.2.9", false)).address != kClient);
    }
    return 0;
}
