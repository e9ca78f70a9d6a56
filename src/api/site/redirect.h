// The listener without TLS (`RedirectAddress`): redirects every request to the same path over https, and serves the
// challenges of an ACME client, which a certificate authority requests without TLS (RFC 8555, 8.3). Owned by the I/O
// unit. Thread: the I/O thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/handler.h"
#include "api/services.h"

namespace globes::api {

struct RedirectSettings {
    std::uint16_t https_port = 0;         ///< In the Location; 0: the port is not known yet.
    std::filesystem::path challenge_dir;  ///< The folder with `.well-known/acme-challenge`; empty: none.
};

class Redirect {
public:
    /// All of them MUST outlive this. `settings` may change until the first request.
    Redirect(CoreLink& core_link, Services& services, const RedirectSettings& settings)
        : core_link_(core_link), services_(services), settings_(settings) {}

    /// 308 to https. 421 if the Host is not the server's, so that a link cannot lead from here to another site. 400 if
    /// there is no Host, or the target is not a path.
    void handle(std::shared_ptr<net::HttpExchange> http);

private:
    Handler challenge(Exchange exchange, std::string path);

    CoreLink& core_link_;
    Services& services_;
    const RedirectSettings& settings_;
};

}  // namespace globes::api
