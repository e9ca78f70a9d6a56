// The text of `GET /metrics`, collected from the parts of the server (docs/operations.md#metrics describes each
// metric). A plain function, any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "chat/core_store.h"
#include "chat/core_thread.h"
#include "io_unit.h"
#include "net/address_limits.h"

namespace globes {

struct MetricsSources {
    std::span<const std::unique_ptr<IoUnit>> io_units;
    const net::AddressCounts& addresses;
    std::uint64_t wrong_passwords_refused;
    const chat::CoreCounts& core;
    const chat::CoreThread& core_thread;
    bool is_store_reachable;
    std::optional<std::uint64_t> free_disk_bytes;  ///< Absent if the store is not on a disk of this machine.
    std::optional<std::uint64_t> sqlite_bytes;     ///< Of the heap. Absent for other stores.
    std::uint64_t dropped_log_lines;
    UnixMicros certificate_expires;  ///< 0 without TLS.
};

/// Any thread, while the sources live. Reads some files of /proc.
std::string metrics_text(const MetricsSources& sources);

}  // namespace globes
