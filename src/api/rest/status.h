// What operators and monitors ask a server: whether the process runs, whether it can do its work, and its metrics
// (docs/operations.md). Functions without state; thread: the I/O thread of the request. All references outlive all
// connections.
#pragma once

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/handler.h"
#include "api/services.h"

namespace globes::api {

/// `GET /health`: 200 as soon as the server listens.
void health(const Exchange& exchange);

/// `GET /ready`: 200 if the store can be reached and read now, otherwise 503.
Handler ready(Exchange exchange, CoreLink& core_link, Services& services);

/// `GET /metrics`: pings the store as `/ready` does, then calls `Services::metrics` on a worker of `Services::files`.
/// 503 if its queue is full.
Handler metrics(Exchange exchange, CoreLink& core_link, Services& services);

}  // namespace globes::api
