// Which of the processes that have opened the database may write: the one with the highest number, and no other
// (docs/adr/0011-mongodb-fence.md). A process whose number was passed stops writing for good, in all rooms; so does one
// whose database is no longer the one that it has opened.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

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

}  // namespace globes::store::mongo
