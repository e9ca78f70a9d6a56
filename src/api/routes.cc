#include "api/routes.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "api/access.h"
#include "api/hosts.h"
#include "api/request.h"
#include "api/rest/status.h"
#include "api/wire/errors.h"
#include "chat/room_record.h"

namespace globes::api {
namespace {

using Http = std::shared_ptr<net::HttpExchange>;
using Parameters = std::vector<std::string>;

constexpr int kForbidden = 403;
constexpr int kTooManyRequests = 429;

constexpr Error kTooManyParameters{.code = ErrorCode::bad_request, .reason = "The query has more than 64 parameters."};
static_assert(kMaxParameters == 64, "kTooManyParameters tells people this limit");

bool may_read_metrics(const net::HttpRequest& request, const std::vector<IpRange>& allowed) {
    const IpAddress& address = request.client.address();
    const bool has_header = !request.header("x-forwarded-for").empty() || !request.header("forwarded").empty();
    const bool is_stated = request.client.is_stated() || (request.shares_connection && has_header);
    // A loopback address that a proxy states is that of another machine, or the client has written it.
    if (address.is_loopback() && is_stated)
        return std::ranges::find(allowed, IpRange(address, 0)) != allowed.end();  // everyone may
    return contains(allowed, address);
}

net::HttpResponse metrics_refusal() {
    net::HttpResponse response = error_response(
        Error{.code = ErrorCode::unauthorized, .reason = "This address may not read the metrics."}, kForbidden);
    response.log_note = "reason=metrics_addresses";
    return response;
}

}  // namespace

Routes::Routes(CoreLink& core_link, Services& services)
    : core_link_(core_link),
      services_(services),
      rooms_(core_link, services),
      tokens_(core_link, services),
      history_(core_link, services),
      upgrade_(core_link, services),
      site_(core_link, services) {
    add_rooms();
    add_pages();
}

void Routes::add_rooms() {
    // The paths of one room. Each takes a guess before the room is looked up, so that the refusals do not tell which
    // rooms exist.
    const auto add = [this](const char* method, const char* path, auto handler) {
        router_.add(method, path, [this, handler](const Http& http, const Parameters& parameters) {
            Exchange exchange(http, services_);
            if (const auto wait = exchange.take_guess()) return exchange.refuse_guess(*wait);
            handler(exchange, chat::RoomKey::of(parameters.front()));
        });
    };
    using chat::RoomKey;
    // The addresses that people open in a browser. A client that does not prefer the page gets `other`.
    const auto add_page = [this](const char* path, auto other) {
        router_.add("GET", path, [this, other](const Http& http, const Parameters& parameters) {
            Exchange exchange(http, services_);
            const bool wants_page = exchange.prefers_html();
            if (const auto wait = exchange.take_guess())
                return wants_page ? site_.page(exchange, kTooManyRequests, wait) : exchange.refuse_guess(*wait);
            const RoomKey key = RoomKey::of(parameters.front());
            wants_page ? static_cast<void>(site_.room_page(exchange, key)) : other(exchange, key);
        });
    };
    add_page("/chats/{room}", [this](const Exchange& e, const RoomKey& key) { rooms_.get(e, key); });
    // Of the original.
    add_page("/chats/{room}/entrance",
             [](const Exchange& e, const RoomKey&) { e.respond_error(Error{ErrorCode::path_not_found}); });
    add("PUT", "/chats/{room}", [this](const Exchange& e, const RoomKey& key) { rooms_.update(e, key); });
    add("DELETE", "/chats/{room}", [this](const Exchange& e, const RoomKey& key) { rooms_.remove(e, key); });
    add("GET", "/chats/{room}/events", [this](const Exchange& e, const RoomKey& key) { history_.page(e, key); });
    add("POST", "/chats/{room}/token", [this](const Exchange& e, const RoomKey& key) { tokens_.request(e, key); });
    add("DELETE", "/chats/{room}/token",
        [this](const Exchange& e, const RoomKey& key) { tokens_.end_owner_tokens(e, key); });
    add("GET", "/chats/{room}/token/renew", [this](const Exchange& e, const RoomKey& key) { tokens_.renew(e, key); });
    add("GET", "/chats/{room}/ws", [this](const Exchange& e, const RoomKey& key) { upgrade_.upgrade(e, key); });

    router_.add("GET", "/chats", [this](const Http& http, const Parameters&) {
        Exchange exchange(http, services_);
        if (exchange.prefers_html()) return site_.page(exchange);
        rooms_.list(exchange);
    });
    router_.add("POST", "/chats",
                [this](const Http& http, const Parameters&) { rooms_.create(Exchange(http, services_)); });
}

void Routes::add_pages() {
    router_.add("GET", "/health", [this](const Http& http, const Parameters&) { health(Exchange(http, services_)); });
    router_.add("GET", "/ready", [this](const Http& http, const Parameters&) {
        ready(Exchange(http, services_), core_link_, services_);
    });
    router_.add("GET", "/metrics", [this](const Http& http, const Parameters&) {
        if (!may_read_metrics(http->request(), services_.metrics_addresses))
            return Exchange(http, services_).respond(metrics_refusal());
        metrics(Exchange(http, services_), core_link_, services_);
    });
    site_.add_routes(router_);
}

void Routes::handle(const Http& http) {
    const net::HttpRequest& request = http->request();
    const Exchange exchange(http, services_);
    const bool probes = is_probe(request);
    if (!probes && request.only_probes) {
        return exchange.respond_error({.code = ErrorCode::unavailable,
                                       .reason = "The server has as many connections as it may have.",
                                       .limit = "max_connections"});
    }
    // Two limits: otherwise a flood would make the server look unhealthy to a balancer.
    if (exchange.exceeds(probes ? net::AddressLimit::probes : net::AddressLimit::requests)) return;
    if (auto refusal = host_refusal(request, services_.hosts, services_.refusal_log))
        return exchange.respond(*std::move(refusal));
    if (has_too_many_parameters(request)) return exchange.respond_error(kTooManyParameters);
    const auto match = router_.match(request.method, request.target);
    if (match) {
        if (may_have_effect(request.method) && !is_origin_allowed(request, services_.allowed_origins))
            return exchange.refuse_origin();
        return (*match->handler)(http, match->parameters);
    }

    const net::Router::Miss& miss = match.error();
    if (!miss.is_unknown_path()) {
        if (request.method == "OPTIONS")
            return exchange.respond(preflight_response(request, services_.allowed_origins, miss.allow));
        net::HttpResponse response = error_response(Error{ErrorCode::method_not_allowed});
        response.headers.emplace_back("Allow", miss.allow);
        return exchange.respond(std::move(response));
    }
    site_.unrouted(exchange);
}

}  // namespace globes::api
