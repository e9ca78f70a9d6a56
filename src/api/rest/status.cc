#include "api/rest/status.h"

#include <functional>
#include <string>
#include <utility>

#include "api/wire/errors.h"
#include "base/metrics.h"

namespace globes::api {
namespace {

/// `co_await ping(core_link, services)`: whether the store can be reached and read now.
auto ping(CoreLink& core_link, Services& services) {
    return core_link.ask_store<bool>([&services](auto done) { services.store.ping(std::move(done)); }, std::identity());
}

}  // namespace

void health(const Exchange& exchange) { exchange.respond_json(200, kStatusOk); }

Handler ready(Exchange exchange, CoreLink& core_link, Services& services) {
    const bool is_reachable = co_await ping(core_link, services);
    if (!is_reachable) co_return exchange.respond_error(Error{ErrorCode::unavailable});
    exchange.respond_json(200, kStatusOk);
}

Handler metrics(Exchange exchange, CoreLink& core_link, Services& services) {
    const bool is_reachable = co_await ping(core_link, services);
    // On a worker, because counting the open files of a server with thousands of connections takes milliseconds.
    auto text = co_await core_link.run_on_worker(services.files, exchange.request().client.asker(),
                                                 [&] { return services.metrics(is_reachable); });
    if (!text) co_return exchange.respond_error(text.error());
    exchange.respond(
        {.status = 200, .content_type = MetricsText::kContentType, .body = std::move(*text), .headers = {}});
}

}  // namespace globes::api
