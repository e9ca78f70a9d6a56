// Which hosts the server answers to (docs/protocol.md#hosts). A page can let its own name resolve to the address of a
// server that only listens on loopback (DNS rebinding). The browser then treats that server as a part of the page's
// site, but still sends the name as Host. Owned by the server. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host.h"
#include "net/http_message.h"

namespace globes::api {

class RefusalLog;

struct HostSettings {
    std::vector<std::string> listed;           ///< `Hosts`: texts that parse_host accepts; `*` means any.
    std::vector<std::string> allowed_origins;  ///< Their hosts count as listed, with any port.
    /// The host in `Address`. Used, like the names of loopback, if nothing is listed and `is_local` is set.
    std::string own;
    bool is_local = false;  ///< Only programs on this machine reach the server, and none of them passes requests on.
};

/// The Host of a request, without the colon of an empty port, which is valid (RFC 3986, 3.2.3); empty if it is absent.
std::string_view host_text(const net::HttpRequest& request);

/// Decides about the Host of a request. Constant after construction.
class Hosts {
public:
    explicit Hosts(const HostSettings& settings);

    /// Whether the request is for this server. A request without Host is: only HTTP/1.0 allows that, which no browser
    /// speaks.
    bool serve(const net::HttpRequest& request) const;

private:
    void add(std::string_view text);

    bool serve_all_ = false;
    std::vector<HostName> names_;
};

/// The response to a request for a host that the server does not answer to: 421, code 506. Nothing if it does, and for
/// `/health` and `/ready`, which balancers and monitors request by IP address. Logs the host, if it is to be logged.
std::optional<net::HttpResponse> host_refusal(const net::HttpRequest& request, const Hosts& hosts, RefusalLog& log);

}  // namespace globes::api
