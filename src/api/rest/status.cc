#include "api/rest/status.h"

#include <functional>
#include <string>
#include <utility>

#include "api/wire/errors.h"
#include "base/metrics_text.h"

namespace globes::api {
namespace {

constexpr const char* kFine = R"({"status":true})";

void write_metrics(const Exchange& exchange, CoreLink& core_link, Services& services, bool is_store_reachable) {
    // On a worker, because counting the open files of a server with thousands of connections takes milliseconds.
    const bool accepted = core_link.try_work(
        services.files, [&services, is_store_reachable] { return services.metrics(is_store_reachable); },
        [exchange](std::string text) {
            exchange.respond(
                {.status = 200, .content_type = MetricsText::kContentType, .body = std::move(text), .headers = {}});
        });
    if (!accepted) exchange.respond_error(Error{ErrorCode::unavailable});
}

}  // namespace

void health(const Exchange& exchange) { exchange.respond_json(200, kFine); }

void ready(const Exchange& exchange, CoreLink& core_link, Services& services) {
    services.store.ping(core_link.store_reply(std::identity(), [exchange](bool is_reachable) {
        if (!is_reachable) return exchange.respond_error(Error{ErrorCode::unavailable});
        exchange.respond_json(200, kFine);
    }));
}

void metrics(const Exchange& exchange, CoreLink& core_link, Services& services) {
    services.store.ping(
        core_link.store_reply(std::identity(), [&core_link, &services, exchange](bool is_store_reachable) {
            write_metrics(exchange, core_link, services, is_store_reachable);
        }));
}

}  // namespace globes::api
