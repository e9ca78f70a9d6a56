// `GET /metrics`: the server's numbers, as Prometheus reads them. Any I/O thread.
#pragma once

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/services.h"

namespace globes::api {

/// Asks the store whether it can be reached, as `/ready` does, and has `Services::metrics` write the text on a worker.
/// 503 where the workers have too much to do.
void metrics(const Exchange& exchange, CoreLink& core_link, Services& services);

}  // namespace globes::api
