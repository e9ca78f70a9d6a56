// The read threads, each with its own connection, so that no read waits for a commit. One serves only lookups and
// pings, so that they do not wait for pages (store/read_queue.h). Owned by the store. MongoDB's pool
// (store/mongo/readers.h) shares no code with this one: its requests have deadlines, at which another thread answers.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "base/failure_log.h"
#include "base/mutex.h"
#include "store/read_queue.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/group_commit.h"
#include "store/sqlite/open_files.h"
#include "store/sqlite/read_session.h"

namespace globes::store {

class ReaderPool {
public:
    /// `reader_threads`: the threads that serve all reads. With SnapshotScope::session each thread has its own state,
    /// so it should be 1, and there is no thread for lookups and pings. `files`: if given, pings fail and no connection
    /// is opened while one of the files is not in place; open connections continue to read.
    ReaderPool(const Database& database, const SqliteSettings& settings, const UnsettledRooms& unsettled,
               OpenFiles* files, SnapshotScope scope = SnapshotScope::call);
    ~ReaderPool() { stop(); }

    /// As in the port, but on a thread of the pool. Throws SqliteError.
    chat::StoredRooms load_rooms();
    /// As in the port. Any thread.
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done);
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done);
    void ping(std::move_only_function<void(bool)> done);
    /// Ends the threads and refuses waiting requests. The owner only; may be called more than once.
    void stop();

private:
    class Session;
    struct Read {
        chat::EventQuery query;
        std::move_only_function<void(chat::EventPage)> done;
    };
    struct Find {
        std::vector<chat::SendKey> keys;
        std::move_only_function<void(chat::SendLookup)> done;
    };
    struct Ping {
        std::move_only_function<void(bool)> done;
    };
    struct Load {
        std::promise<chat::StoredRooms> done;
    };
    using Request = std::variant<Ping, Read, Find, Load>;

    void push(const ReadTag& tag, Request request);
    void work(Serves serves);
    std::optional<Request> take_refused() REQUIRES(mutex_);
    void answer(Session& session, Read& read) const;
    void answer(Session& session, Find& find) const;
    void answer(Session& session, Ping& ping) const;
    void answer(Session& session, Load& load) const;
    static void refuse(Request request);

    // Constant after construction.
    const Database& database_;
    const UnsettledRooms& unsettled_;
    OpenFiles* const files_;
    const SnapshotScope scope_;
    const bool has_short_read_thread_;

    // Any thread.
    FailureLog failures_{FailureLog::store_reads()};
    Mutex mutex_;
    Condition has_work_;        // for the threads that serve all reads
    Condition has_short_work_;  // for the one that serves lookups and pings
    ReadQueue<Request> queue_ GUARDED_BY(mutex_);
    std::deque<Request> refused_ GUARDED_BY(mutex_);  // beyond the limits; answered first
    bool is_stopped_ GUARDED_BY(mutex_) = false;

    // The owner only. Last: they use all of the above.
    std::vector<std::thread> threads_;
};

}  // namespace globes::store
