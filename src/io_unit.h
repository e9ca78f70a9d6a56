// One I/O thread and the objects that it uses. Owned by the server: the main thread creates and destroys it. Between
// start and stop, each object states which threads call it.
#pragma once

#include <memory>
#include <utility>

#include "api/core_link.h"
#include "api/io_counts.h"
#include "api/routes.h"
#include "api/site/redirect.h"
#include "base/file.h"
#include "base/metrics.h"
#include "chat/core_thread.h"
#include "net/http_hub.h"
#include "net/io_thread.h"
#include "net/stream_socket.h"
#include "net/tls.h"

namespace globes {

struct IoUnit {
    IoUnit(unsigned number, const net::WsSettings& settings, chat::CoreThread& core_thread)
        : io(number, settings), core_link(io, core_thread) {}

    /// The socket of a new connection with TLS. I/O thread only.
    net::StreamSocket open(FileDescriptor socket) { return {std::move(socket), *tls, tls_buffers}; }

    /// I/O thread only, once in each loop iteration.
    void count_connections() {
        http_connections.set(http->size());
        ws_connections.set(io.hub().size());
    }

    // Before the connections, which use them.
    net::TlsBuffers tls_buffers;
    std::shared_ptr<const net::TlsContext> tls;  // for new connections; null without TLS. I/O thread only

    net::IoThread io;
    api::CoreLink core_link;
    std::unique_ptr<api::Routes> routes;
    std::unique_ptr<api::Redirect> redirect;
    std::unique_ptr<net::HttpHub> http;

    // As of the last loop iteration; any thread reads them.
    Count http_connections;
    Count ws_connections;
};

}  // namespace globes
