// What browsers get to see: the small page that is built in, or the files of the folder in `Static`. One object for
// each I/O thread, which makes all calls; files are read by workers.
#pragma once

#include <string_view>

#include "api/exchange.h"
#include "api/io_lane.h"
#include "api/services.h"
#include "net/http_message.h"

namespace globes::api {

class Site {
public:
    Site(IoLane& lane, Services& services) : lane_(lane), services_(services) {}

    /// The start page.
    void home(const Exchange& exchange);
    /// A file of the `Static` folder by its path in the URL, percent-decoded; 404 where there is none.
    void file(const Exchange& exchange, std::string_view path);

private:
    IoLane& lane_;
    Services& services_;
};

/// True if `Accept` prefers a web page to JSON (RFC 9110, 12.5.1).
bool prefers_html(const net::HttpRequest& request);

}  // namespace globes::api
