// What the handlers share: made by main, the same for all I/O threads, constant while they run.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "api/ws/chat_socket.h"
#include "base/clock.h"
#include "base/worker_pool.h"
#include "chat/password_throttle.h"
#include "chat/store.h"
#include "chat/tokens.h"

namespace globes::api {

struct Services {
    const Clock& clock;
    const chat::Tokens& tokens;
    chat::PasswordThrottle& throttle;
    WorkerPool& hashing;
    WorkerPool& files;  ///< Reads of the folder in `static_dir`.
    chat::Store& store;
    FloodLimits flood;
    std::vector<std::string> allowed_origins;
    std::vector<std::string> frame_ancestors;  ///< As `allowed_origins`; empty: nobody.
    bool require_owner = false;
    std::filesystem::path static_dir;  ///< Empty: the built-in site.
    /// The text of `GET /metrics`. Any thread that may read files.
    std::function<std::string(bool is_store_reachable)> metrics;
};

}  // namespace globes::api
