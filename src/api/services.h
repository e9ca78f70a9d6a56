// What the handlers of all I/O threads share. Owned by the server, constant while the threads run.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "api/hosts.h"
#include "api/open_files.h"
#include "api/refusal_log.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "base/worker_pool.h"
#include "chat/password_pace.h"
#include "chat/passwords.h"
#include "chat/rate_limiter.h"
#include "chat/store.h"
#include "chat/tokens.h"

namespace globes::api {

/// The limits of each connection.
struct FloodLimits {
    chat::RateLimit messages;
    chat::RateLimit pings;  ///< Ten times as high.
    /// To ask for the time costs as much as to decode a frame.
    static constexpr std::uint32_t kFramesPerUnit = 64;
    chat::RateLimit other_frames;  ///< Fragments and pongs, in these units. Beyond it the connection is closed.
};

struct Services {
    const Clock& clock;
    const chat::Tokens& tokens;
    chat::PasswordThrottle& throttle;
    chat::PasswordPace& password_pace;
    const Hosts& hosts;
    RefusalLog& refusal_log;
    WorkerPool& hashing;
    WorkerPool& files;      ///< Reads the folder `static_dir`, collects the metrics and encodes long lists of rooms.
    OpenFiles& open_files;  ///< Of `static_dir`.
    chat::Store& store;
    FloodLimits flood;
    std::vector<std::string> allowed_origins;  ///< `*` means any.
    std::vector<std::string> frame_ancestors;  ///< Origins that may frame the page; empty: none.
    std::vector<IpRange> metrics_addresses;    ///< Of clients that may read the metrics.
    bool require_owner = false;                ///< Every new room has an owner.
    std::filesystem::path static_dir;          ///< Empty: the embedded site.
    /// The text of `GET /metrics`. Any thread that may block: it reads files.
    std::function<std::string(bool is_store_reachable)> metrics;
};

}  // namespace globes::api
