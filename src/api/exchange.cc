#include "api/exchange.h"

#include <algorithm>
#include <chrono>

#include "api/access.h"

namespace globes::api {

void Exchange::respond(net::HttpResponse response) const {
    if (varies_by_accept_) response.headers.emplace_back("Vary", "Accept");
    // Responses describe this moment. Without a rule, a cache may keep them as long as it likes, for example a 404.
    const bool has_rule =
        std::ranges::any_of(response.headers, [](const auto& h) { return h.first == "Cache-Control"; });
    if (!has_rule) response.headers.emplace_back("Cache-Control", "no-cache");
    add_cors_headers(request(), services_->allowed_origins, response);
    http_->respond(response);
}

void Exchange::respond_error(const Error& error) const {
    if (error.code == ErrorCode::room_not_found) {
        const auto now = services_->clock.steady();
        static_cast<void>(request().client.take(net::AddressLimit::guesses, now));
    }
    respond(error_response(error));
}

bool Exchange::exceeds(net::AddressLimit limit, std::uint64_t units) const {
    return refuse_after(request().client.take(limit, services_->clock.steady(), units));
}

bool Exchange::has_reached(net::AddressLimit limit) const {
    return refuse_after(request().client.wait_for(limit, services_->clock.steady()));
}

bool Exchange::refuse_after(std::optional<net::ClientAddress::Wait> wait) const {
    if (!wait) return false;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait);
    auto response = error_response(Error{ErrorCode::too_many_requests}, 0, static_cast<int>(seconds.count()));
    // A refusal is cheap, but a client that does not stop asks for tens of thousands a second. New connections are
    // limited. A proxy's connection serves others, too.
    response.close = !request().shares_connection;
    respond(std::move(response));
    return true;
}

}  // namespace globes::api
