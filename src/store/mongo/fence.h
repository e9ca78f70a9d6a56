// Which process may write: the one that opened the database last (docs/adr/0011-mongodb-fence.md). The fence closes for
// good if a newer process opens the database, or if the database is no longer the one that this process opened. The
// heartbeat checks this at intervals, and an import recognizes a running server by it. Neither compares the clocks of
// machines. Owned by the store. The opening thread takes over; then any thread calls it, except for `beat`.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/mutex.h"
#include "store/mongo/catalogue.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

class Fence {
public:
    /// Takes the next number, which fences off all earlier processes. Call once, first. Blocks. Throws DatabaseError.
    void take_over(Session& session);

    /// The number of this process; 0 if it only reads. Thread: any, for all calls below except `beat`.
    std::uint64_t number() const { return number_; }
    bool is_closed() const { return is_closed_; }
    /// The database was dropped, replaced, or restored from an older state.
    bool is_database_lost() const { return is_database_lost_; }
    /// Reads the newest number and closes the fence if it is not that of this process. Because that is final, a write
    /// confirms it first. Without a number this only reads. Blocks. Throws DatabaseError.
    void look(Session& session);
    /// Increments the beats next to the number, so that `look` recognizes an older state of the database even if it has
    /// the same number; if that fails, calls `look`. Thread: the heartbeat. Throws DatabaseError.
    void beat(Session& session);
    /// Closes the fence. `cause`: for the log.
    void mark_database_lost(const std::string& cause);

private:
    bool confirm_ownership(Session& session, std::uint64_t beats_before, std::uint64_t beats) const;

    // Constant after `take_over`.
    std::uint64_t number_ = 0;
    std::string mark_;

    // Any thread.
    std::atomic<std::uint64_t> beats_ = 0;  // confirmed by the database
    std::atomic<bool> is_closed_ = false;
    std::atomic<bool> is_database_lost_ = false;
};

class Heartbeat {
public:
    /// Increments the counter once, before the thread starts.
    static void beat(Session& session);
    /// Until `stop`: checks the fence, the indexes and the newest event every `interval`, and increments the counter if
    /// `is_serving` and the fence is open. Thread: its own.
    void work(Session session, Fence& fence, const CommittedCatalogue& catalogue, bool is_serving,
              std::chrono::milliseconds interval);
    /// Thread: any. Does not wait for a running call of the driver.
    void stop();

    /// Whether the heartbeat in the collection `counters` goes up within 2.5 intervals. Blocks for that time if there
    /// is a heartbeat at all. Throws DatabaseError.
    static bool is_server_alive(Session& session, const char* counters, std::chrono::milliseconds interval);

private:
    Mutex mutex_;
    Condition stopping_;
    bool is_stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace globes::store::mongo
