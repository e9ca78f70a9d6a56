// The site for browsers: the embedded one, or the files of the folder `Static` in its place, which workers read. One
// object for each I/O thread, which makes all calls. Owned by the routes.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/handler.h"
#include "api/services.h"
#include "api/site/file_headers.h"
#include "api/site/files.h"
#include "chat/room_record.h"
#include "net/http_message.h"
#include "net/router.h"

namespace globes::api {

class Site {
public:
    /// Both outlive all connections.
    Site(CoreLink& core_link, Services& services);

    /// Adds the pages and, if no folder is served, the paths of all embedded files. To be called after the paths of the
    /// API are added, which take precedence.
    void add_routes(net::Router& router);

    /// The page, index.html, at any address, because its script reads the address. `status`: 404 if nothing exists at
    /// the address; the page then says so. `wait`: if the request is refused for so long, with 429; the page then asks
    /// for itself, and shows the refusal.
    void page(const Exchange& exchange, int status = 200, std::optional<net::ClientAddress::Wait> wait = {});
    /// The page at the address of a room; 404 if the room does not exist.
    Handler room_page(Exchange exchange, chat::RoomKey key);
    /// Answers a path that has no route: with a file of the folder `Static`, otherwise with 404, as the page for a
    /// client that prefers HTML and as JSON for all others.
    void unrouted(Exchange exchange);

private:
    void static_file(Exchange exchange, std::string path);
    /// Sends what `make` returns, which runs on a worker. 503 if its queue is full.
    Handler respond_from_folder(Exchange exchange, std::function<StaticAnswer(const OpenFiles::Permits&)> make,
                                std::optional<net::ClientAddress::Wait> wait = {});
    static void respond(const Exchange& exchange, net::HttpResponse response,
                        std::optional<net::ClientAddress::Wait> wait);

    CoreLink& core_link_;
    Services& services_;
    const PagePolicy policy_;
};

}  // namespace globes::api
