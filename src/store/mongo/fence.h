// Which of the processes that have opened the database may write: the one with the highest number, and no other
// (docs/adr/0011-mongodb-fence.md). A process whose number was passed stops writing for good, in all rooms.
#pragma once

#include <atomic>
#include <cstdint>

#include "store/mongo/session.h"

namespace globes::store::mongo {

class Fence {
public:
    /// Takes the next number, which fences off every process before. Called once, before any other call. Throws
    /// CallError.
    void take_over(Session& session);

    /// The number of this process. Any thread, here and below.
    std::uint64_t number() const { return number_; }
    bool is_closed() const { return is_closed_; }
    /// Asks the database for the newest number, and closes if it is a newer process's; that is for good, so it is asked
    /// twice then. Throws CallError.
    void look(Session& session);

private:
    void close(std::uint64_t newer);

    std::uint64_t number_ = 0;
    std::atomic<bool> is_closed_ = false;
};

}  // namespace globes::store::mongo
