// Which of the processes that have opened the database may write: the one with the highest number, and no other
// (docs/adr/0011-mongodb-fence.md). A process whose number was passed stops writing for good, in all rooms; so does one
// whose database is no longer the one that it has opened.
//
// The sign of life of a server in its database, so that an import, which may not write beside one, finds it; and the
// look at whether another process has taken over, or the database is another one. Clocks of several machines play no
// part: a number goes up, or it doesn't.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "store/mongo/catalogue.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

class Fence {
public:
    /// Takes the next number, which fences off every process before. Called once, before any other call. Throws
    /// DatabaseError.
    void take_over(Session& session);

    /// The number of this process; 0: it only reads. Any thread, here and below.
    std::uint64_t number() const { return number_; }
    bool is_closed() const { return is_closed_; }
    /// What the database holds now is not what this process has written.
    bool is_database_lost() const { return is_database_lost_; }
    /// Asks the database for the newest number, and closes if it is not this process's own. That is for good, so it is
    /// asked twice then. Only reads where this process has no number. Throws DatabaseError.
    void look(Session& session);
    /// Counts up beside the number, so that an older state of the database doesn't look right, though it is of this
    /// process's time; otherwise as `look`. One thread only.
    void beat(Session& session);
    /// Closes. `cause`: for the log.
    void mark_database_lost(const std::string& cause);

private:
    bool confirm_ownership(Session& session, std::uint64_t beats_before, std::uint64_t beats) const;

    // Constant after `take_over`.
    std::uint64_t number_ = 0;
    std::string mark_;

    std::atomic<std::uint64_t> beats_ = 0;  // that the database has confirmed
    std::atomic<bool> is_closed_ = false;
    std::atomic<bool> is_database_lost_ = false;
};

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
