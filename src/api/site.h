// What browsers get to see: the built-in site, or the files of the folder in `Static` in its place. One object for each
// I/O thread, which makes all calls; files of the folder are read by workers.
#pragma once

#include <string_view>

#include "api/exchange.h"
#include "api/io_lane.h"
#include "api/page_policy.h"
#include "api/services.h"
#include "net/router.h"

namespace globes::api {

class Site {
public:
    Site(IoLane& lane, Services& services);

    /// Adds the pages and the paths of all embedded files, of these none where a folder is served. To be called last:
    /// the API's paths come first.
    void add_routes(net::Router& router);

    /// The page, index.html, under whatever address: it looks at that itself.
    void page(const Exchange& exchange);
    /// For a path that has no route: a file of the `Static` folder. False, and nothing is done, where there is no such
    /// folder.
    bool serve_unrouted(const Exchange& exchange);

private:
    void static_file(const Exchange& exchange, std::string_view path);

    IoLane& lane_;
    Services& services_;
    const PagePolicy policy_;
};

}  // namespace globes::api
