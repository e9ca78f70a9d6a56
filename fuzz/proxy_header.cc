// Any bytes at the beginning of a connection of a trusted proxy. The result for a part of them is `partial`, or that of
// all; a partial one waits for more bytes than there are, and for none behind the header.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "net/proxy_header.h"

namespace {

using namespace globes::net;
using Kind = ProxyHeader::Kind;

/// Unlike assert, also active in optimized builds.
void require(bool holds) {
    if (!holds) std::abort();
}

/// `begin` is copied to memory of an exact size, so that ASan detects reads beyond it.
ProxyHeader parse(std::string_view begin) {
    const std::vector<char> bytes(begin.begin(), begin.end());
    return parse_proxy_header({bytes.data(), bytes.size()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), std::min(size, 2 * kMaxProxyHeaderV2));
    const ProxyHeader whole = parse(input);
    if (whole.kind == Kind::complete) {
        require(whole.bytes > 0 && whole.bytes <= input.size() && whole.bytes <= kMaxProxyHeaderV2);
        require(parse(input.substr(0, whole.bytes)) == whole);
    } else {
        require(!whole.client && !whole.is_secure);
        require((whole.bytes > input.size()) == (whole.kind == Kind::partial));
        require(whole.bytes <= kMaxProxyHeaderV2);
    }
    // Nothing but a header is taken for one.
    const bool begins_like_one = input.starts_with("PROXY ") || input.starts_with("\r\n\r\n\0\r\nQUIT\n");
    require(begins_like_one || whole.kind == Kind::none || whole.kind == Kind::partial);

    const std::size_t end = whole.kind == Kind::complete ? whole.bytes : input.size();
    const std::size_t step = 1 + end / 256;  // all sizes of a short input
    for (std::size_t part_size = 0; part_size < end; part_size += step) {
        const ProxyHeader part = parse(input.substr(0, part_size));
        if (part.kind != Kind::partial) {
            require(whole.kind != Kind::complete && part == whole);
            continue;
        }
        require(part.bytes > part_size);
        require(whole.kind != Kind::complete || part.bytes <= whole.bytes);
    }
    return 0;
}
