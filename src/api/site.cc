#include "api/site.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/embedded_site.h"
#include "api/error_table.h"
#include "api/negotiation.h"
#include "api/site_answer.h"

namespace globes::api {
namespace {

using Http = std::shared_ptr<net::HttpExchange>;
using Parameters = std::vector<std::string>;

constexpr const char* kIndex = "/index.html";

const EmbeddedFile& embedded_index() {
    static const auto found = std::ranges::find(embedded_site(), kIndex, &EmbeddedFile::path);
    assert(found != embedded_site().end());
    return *found;
}

}  // namespace

Site::Site(IoLane& lane, Services& services)
    : lane_(lane),
      services_(services),
      policy_{.frame_ancestors = services.frame_ancestors, .is_shared = !services.allowed_origins.empty()} {}

void Site::add_routes(net::Router& router) {
    router.add("GET", "/", [this](const Http& http, const Parameters&) { page(Exchange(http, services_)); });
    // The original's address of a room's door; only people come there.
    router.add("GET", "/chats/{room}/entrance", [this](const Http& http, const Parameters&) {
        const Exchange exchange(http, services_);
        if (prefers_html(http->request())) return page(exchange);
        exchange.respond_error(Error{ErrorCode::path_not_found});
    });
    if (!services_.static_dir.empty()) return;
    for (const EmbeddedFile& file : embedded_site()) {
        router.add("GET", file.path, [this, &file](const Http& http, const Parameters&) {
            Exchange(http, services_).respond(embedded_answer(http->request(), file, policy_));
        });
    }
}

void Site::page(const Exchange& exchange) {
    if (!services_.static_dir.empty()) return static_file(exchange, kIndex);
    exchange.respond(embedded_answer(exchange.request(), embedded_index(), policy_));
}

bool Site::serve_unrouted(const Exchange& exchange) {
    const net::HttpRequest& request = exchange.request();
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (!reads || services_.static_dir.empty()) return false;
    const auto path = net::percent_decode(net::target_path(request.target));
    if (path) static_file(exchange, *path);
    return path.has_value();
}

void Site::static_file(const Exchange& exchange, std::string_view path) {
    const bool posted = lane_.try_work(
        services_.files,
        [this, path = std::string(path)] { return static_answer(services_.static_dir, path, policy_); },
        [exchange](net::HttpResponse response) { exchange.respond(std::move(response)); });
    if (!posted) exchange.respond_error(Error{ErrorCode::unavailable});
}

}  // namespace globes::api
