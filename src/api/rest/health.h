// Whether the process lives and whether it can do its work. Any I/O thread.
#pragma once

#include "api/core_link.h"
#include "api/exchange.h"
#include "api/services.h"

namespace globes::api {

/// 200 as soon as the server listens.
void health(const Exchange& exchange);

/// 200 while the store can be reached, else 503.
void ready(const Exchange& exchange, CoreLink& core_link, Services& services);

}  // namespace globes::api
