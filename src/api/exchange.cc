#include "api/exchange.h"

#include <algorithm>

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

}  // namespace globes::api
