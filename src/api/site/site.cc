#include "api/site/site.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/site/files.h"
#include "api/wire/errors.h"

namespace globes::api {
namespace {

using Http = std::shared_ptr<net::HttpExchange>;
using Parameters = std::vector<std::string>;

const EmbeddedFile& embedded_index() {
    static const auto found = std::ranges::find(embedded_site(), kIndexPath, &EmbeddedFile::path);
    assert(found != embedded_site().end());
    return *found;
}

}  // namespace

Site::Site(CoreLink& core_link, Services& services)
    : core_link_(core_link),
      services_(services),
      policy_{.frame_ancestors = services.frame_ancestors, .is_shared = !services.allowed_origins.empty()} {}

void Site::add_routes(net::Router& router) {
    router.add("GET", "/", [this](const Http& http, const Parameters&) { page(Exchange(http, services_)); });
    // The original's address of a room's door; only people come there.
    router.add("GET", "/chats/{room}/entrance", [this](const Http& http, const Parameters& parameters) {
        Exchange exchange(http, services_);
        if (exchange.prefers_html()) return room_page(exchange, chat::RoomKey::of(parameters.front()));
        exchange.respond_error(Error{ErrorCode::path_not_found});
    });
    if (!services_.static_dir.empty()) return;
    for (const EmbeddedFile& file : embedded_site()) {
        router.add("GET", file.path, [this, &file](const Http& http, const Parameters&) {
            Exchange(http, services_).respond(embedded_answer(http->request(), file, policy_));
        });
    }
}

void Site::page(const Exchange& exchange, int status) {
    if (!services_.static_dir.empty()) return static_page(exchange, status);
    exchange.respond(embedded_answer(exchange.request(), embedded_index(), policy_, status));
}

void Site::room_page(const Exchange& exchange, const chat::RoomKey& key) {
    core_link_.ask_core([key](const chat::Core& core) { return core.find(key) != nullptr; },
                        [this, exchange](bool exists) { page(exchange, exists ? 200 : 404); });
}

void Site::unrouted(Exchange exchange) {
    const net::HttpRequest& request = exchange.request();
    const bool reads = request.method == "GET" || request.method == "HEAD";
    const auto path = net::percent_decode(net::target_path(request.target));
    if (reads && path && !services_.static_dir.empty()) return static_file(exchange, *path);
    if (reads && exchange.prefers_html()) return page(exchange, 404);
    exchange.respond_error(Error{ErrorCode::path_not_found});
}

void Site::static_file(Exchange exchange, std::string_view path) {
    const bool wants_page = exchange.prefers_html();
    answer_from_folder(exchange, [this, path = std::string(path), wants_page] {
        net::HttpResponse response = static_answer(services_.static_dir, path, policy_);
        if (response.status != 404 || !wants_page) return response;
        return static_page_answer(services_.static_dir, policy_, 404);
    });
}

void Site::static_page(const Exchange& exchange, int status) {
    answer_from_folder(exchange, [this, status] { return static_page_answer(services_.static_dir, policy_, status); });
}

void Site::answer_from_folder(const Exchange& exchange, std::function<net::HttpResponse()> make) {
    const bool posted = core_link_.try_work(services_.files, std::move(make), [exchange](net::HttpResponse response) {
        exchange.respond(std::move(response));
    });
    if (!posted) exchange.respond_error(Error{ErrorCode::unavailable});
}

}  // namespace globes::api
