#include "api/metrics.h"

#include <memory>
#include <string>
#include <utility>

#include "base/metrics_text.h"

namespace globes::api {
namespace {

void write(const Exchange& exchange, CoreLink& core_link, Services& services, bool is_store_reachable) {
    // Counting the open files of a server with thousands of connections takes milliseconds.
    const bool accepted = core_link.try_work(
        services.files, [&services, is_store_reachable] { return services.metrics(is_store_reachable); },
        [exchange](std::string text) {
            exchange.respond(
                {.status = 200, .content_type = MetricsText::kContentType, .body = std::move(text), .headers = {}});
        });
    if (!accepted) exchange.respond_error(Error{ErrorCode::unavailable});
}

}  // namespace

void metrics(const Exchange& exchange, CoreLink& core_link, Services& services) {
    services.store.ping([&core_link, &services, held = std::make_unique<Exchange>(exchange)](bool reachable) mutable {
        core_link.io().post([&core_link, &services, held = std::move(held), reachable] {
            write(*held, core_link, services, reachable);
        });
    });
}

}  // namespace globes::api
