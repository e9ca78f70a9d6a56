#include "api/exchange.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "api/access.h"

namespace globes::api {
namespace {

int in_seconds(net::ClientAddress::Wait wait) {
    return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(wait).count());
}

}  // namespace

void Exchange::respond(net::HttpResponse response) const {
    if (varies_by_accept_) response.headers.emplace_back("Vary", "Accept");
    // Responses describe this moment. Without a rule, a cache may keep them as long as it likes, for example a 404.
    const bool has_rule =
        std::ranges::any_of(response.headers, [](const auto& h) { return h.first == "Cache-Control"; });
    if (!has_rule) response.headers.emplace_back("Cache-Control", "no-cache");
    add_cors_headers(request(), services_->allowed_origins, response);
    http_->respond(response);
}

bool Exchange::exceeds(net::AddressLimit limit, std::uint64_t units) const {
    const auto wait = request().client.take(limit, services_->clock.steady(), units);
    if (wait) refuse(limit_response(net::address_limit_name(limit), in_seconds(*wait)));
    return wait.has_value();
}

void Exchange::refuse_guess(net::ClientAddress::Wait wait, std::optional<net::HttpResponse> page) const {
    auto refusal = limit_response(net::address_limit_name(net::AddressLimit::guesses), in_seconds(wait));
    if (page) {
        std::erase_if(page->headers, [](const auto& header) { return header.first == "Retry-After"; });
        page->headers.emplace_back("Retry-After", std::to_string(in_seconds(wait)));
        page->log_note = std::move(refusal.log_note);
        refusal = *std::move(page);
    }
    refuse(std::move(refusal));
}

/// A refusal is cheap, but a client that does not stop asks for tens of thousands a second. New connections are
/// limited. A proxy's connection serves others, too.
void Exchange::refuse(net::HttpResponse refusal) const {
    refusal.close = !request().shares_connection;
    respond(std::move(refusal));
}

void Exchange::refuse_origin() const {
    services_->refusal_log.unknown_origin(request());
    respond(origin_refusal());
}

std::optional<net::ClientAddress::Wait> Exchange::take_guess() {
    const net::ClientAddress& client = request().client;
    if (const auto wait = client.take(net::AddressLimit::guesses, services_->clock.steady())) return wait;
    guess_ = std::make_shared<Guess>(client);
    return std::nullopt;
}

}  // namespace globes::api
