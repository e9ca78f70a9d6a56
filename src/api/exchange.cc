#include "api/exchange.h"

#include <algorithm>

#include "api/access.h"

namespace globes::api {

void Exchange::respond(net::HttpResponse response) const {
    if (varies_by_accept_) response.headers.emplace_back("Vary", "Accept");
    // Answers are about this moment, and a cache that is not told so may keep them as it likes, a 404 above all.
    const bool has_rule =
        std::ranges::any_of(response.headers, [](const auto& h) { return h.first == "Cache-Control"; });
    if (!has_rule) response.headers.emplace_back("Cache-Control", "no-cache");
    add_cors_headers(request(), services_->allowed_origins, response);
    http_->respond(response);
}

}  // namespace globes::api
