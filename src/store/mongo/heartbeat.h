// The sign of life of a server in its database, so that an import, which may not write beside one, finds it; and the
// look at whether another process has taken over, or the database is another one. Clocks of several machines play no
// part: a number goes up, or it doesn't.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "store/mongo/fence.h"
#include "store/mongo/room_book.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

class Heartbeat {
public:
    /// Counts up once, for who looks before the thread does.
    static void beat(Session& session);
    /// Looks at the fence, the indexes and the newest event every `interval`, and counts up while it is open if
    /// `is_serving`, until `stop`. Blocks: for a thread of its own.
    void work(Session session, Fence& fence, const CommittedCatalogue& catalogue, bool is_serving,
              std::chrono::milliseconds interval);
    /// Any thread. A call of the driver that is under way is not waited for.
    void stop();

    /// Whether a server counts up in `counters` within a bit more than two of its intervals. Blocks for as long where
    /// one ever did. Throws DatabaseError.
    static bool is_server_alive(Session& session, const char* counters, std::chrono::milliseconds interval);

private:
    std::mutex mutex_;
    std::condition_variable stopping_;
    bool is_stopped_ = false;
};

}  // namespace globes::store::mongo
