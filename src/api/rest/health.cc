#include "api/rest/health.h"

#include <functional>

#include "api/wire/errors.h"

namespace globes::api {
namespace {

constexpr const char* kFine = R"({"status":true})";

}  // namespace

void health(const Exchange& exchange) { exchange.respond_json(200, kFine); }

void ready(const Exchange& exchange, CoreLink& core_link, Services& services) {
    services.store.ping(core_link.store_reply(std::identity(), [exchange](bool is_reachable) {
        if (!is_reachable) return exchange.respond_error(Error{ErrorCode::unavailable});
        exchange.respond_json(200, kFine);
    }));
}

}  // namespace globes::api
