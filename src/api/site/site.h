// What browsers get to see: the built-in site, or the files of the folder in `Static` in its place. One object for each
// I/O thread, which makes all calls; files of the folder are read by workers.
#pragma once

#include <functional>
#include <string_view>

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/services.h"
#include "api/site/file_headers.h"
#include "chat/room_key.h"
#include "net/http_message.h"
#include "net/router.h"

namespace globes::api {

class Site {
public:
    Site(CoreLink& core_link, Services& services);

    /// Adds the pages and the paths of all embedded files, of these none where a folder is served. To be called last:
    /// the API's paths come first.
    void add_routes(net::Router& router);

    /// The page, index.html, under whatever address: it looks at that itself. `status`: 404 if nothing is there, which
    /// the page says in its own words.
    void page(const Exchange& exchange, int status = 200);
    /// The page at the address of a room; 404 if there is no such room.
    void room_page(const Exchange& exchange, const chat::RoomKey& key);
    /// Answers a path that has no route: with a file of the `Static` folder, else with 404, as the page for a client
    /// that prefers HTML and as JSON for all others.
    void unrouted(Exchange exchange);

private:
    void static_file(Exchange exchange, std::string_view path);
    void static_page(const Exchange& exchange, int status);
    void answer_from_folder(const Exchange& exchange, std::function<net::HttpResponse()> make);

    CoreLink& core_link_;
    Services& services_;
    const PagePolicy policy_;
};

}  // namespace globes::api
