// The counters of the WebSocket sessions of one I/O thread, for `GET /metrics`. That thread writes them, any thread
// reads them. A file of its own because topics and hubs count, and only the hub is visible outside.
#pragma once

#include "base/count.h"

namespace globes::net {

struct WsCounts {
    Count sends;           ///< Sends for cursors of topics, those that took nothing included.
    Count sent_bytes;      ///< Bytes of topics; frames of direct queues are not included.
    Count slow_consumers;  ///< Sessions that were closed as too slow.
};

}  // namespace globes::net
