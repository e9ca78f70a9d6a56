// What the upgraded connections of one I/O thread have cost, for `GET /metrics`. That thread counts, any thread reads.
#pragma once

#include "base/count.h"

namespace globes::net {

struct WsCounts {
    Count sends;         ///< Calls that moved a cursor of a topic, or tried to.
    Count sent_bytes;    ///< Of feeds; frames of a connection's own are not among them.
    Count slow_readers;  ///< Connections that were closed as too slow.
};

}  // namespace globes::net
