// One I/O thread and the objects that it uses. Owned by the server: the main thread creates and destroys it. Between
// start and stop, each object states which threads call it.
#pragma once

#include <memory>

#include "api/core_link.h"
#include "api/io_counts.h"
#include "api/routes.h"
#include "base/metrics.h"
#include "chat/core_thread.h"
#include "net/http_session.h"
#include "net/io_thread.h"

namespace globes {

struct IoUnit {
    IoUnit(unsigned number, const net::WsSettings& settings, chat::CoreThread& core_thread)
        : io(number, settings), core_link(io, core_thread) {}

    /// I/O thread only, once in each loop iteration.
    void count_connections() {
        http_connections.set(http->size());
        ws_connections.set(io.hub().size());
    }

    net::IoThread io;
    api::CoreLink core_link;
    std::unique_ptr<api::Routes> routes;
    std::unique_ptr<net::HttpHub> http;

    // As of the last loop iteration; any thread reads them.
    Count http_connections;
    Count ws_connections;
};

}  // namespace globes
