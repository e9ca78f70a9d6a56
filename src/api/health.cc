#include "api/health.h"

#include "api/error_table.h"

namespace globes::api {
namespace {

constexpr const char* kFine = R"({"status":true})";

}  // namespace

void health(const Exchange& exchange) { exchange.respond_json(200, kFine); }

void ready(const Exchange& exchange, CoreLink& core_link, Services& services) {
    services.store.ping([&io = core_link.io(), held = std::make_unique<Exchange>(exchange)](bool reachable) mutable {
        io.post([held = std::move(held), reachable] {
            if (!reachable) return held->respond_error(Error{ErrorCode::unavailable});
            held->respond_json(200, kFine);
        });
    });
}

}  // namespace globes::api
