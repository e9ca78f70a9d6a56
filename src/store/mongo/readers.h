// The reads of chat::Store: a pool of threads, each with a session of its own, one of which serves only lookups and
// pings (store/read_queue.h), and one thread that answers requests whose deadline has passed, because a call of the
// driver may block for longer. Owned by the store. A reader queries only what the catalogue shows.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure_log.h"
#include "base/mutex.h"
#include "store/mongo/catalogue.h"
#include "store/mongo/fence.h"
#include "store/mongo/session.h"
#include "store/read_queue.h"

namespace globes::store::mongo {

/// Which process purges and deletes. If it is another one, the catalogue becomes stale and each read checks the room
/// again.
enum class Writer : std::uint8_t { this_process, another };

class Reader {
public:
    /// All must outlive it.
    Reader(const ConnectionPool& pool, const std::string& database, CommittedCatalogue& catalogue, Writer writer)
        : session_(pool, database), catalogue_(catalogue), writer_(writer) {}

    /// Not ok if the outcome of the room's last batch is unknown. Throws DatabaseError, here and below.
    chat::EventPage read(const chat::EventQuery& query);
    chat::SendLookup find(std::span<const chat::SendKey> keys);
    /// Reads the fence.
    void ping(Fence& fence);
    /// The number of replies so far; the catalogue alone answers some reads.
    std::uint64_t replies() const { return replies_; }

private:
    chat::EventPage read_from_catalogue(const chat::EventQuery& query);
    void leave_out_purged(chat::RoomId room, chat::EventPage& page);
    std::vector<std::optional<UnixMicros>> times_at(chat::RoomId room, const std::vector<std::uint64_t>& seqs);
    /// Adds the events of the range to the page, in the order of the query's direction.
    void read_range(const chat::EventQuery& query, chat::SeqRange range, chat::EventPage& page);
    void find_in_room(std::span<const chat::SendKey> keys, std::span<std::optional<chat::Event>> found,
                      CommittedCatalogue::VisibleRange visible);

    void ask(const char* collection, const Document& filter, const Document& options, std::size_t most,
             const std::function<void(const DocumentView&)>& take);

    Session session_;
    CommittedCatalogue& catalogue_;
    const Writer writer_;
    std::uint64_t replies_ = 0;
};

class ReaderPool {
public:
    /// `fence` must outlive it.
    ReaderPool(Fence& fence, const MongoStoreSettings& settings)
        : times_(settings.times), fence_(fence), queue_(settings.limits) {}

    /// As in chat::Store. Thread: any.
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done);
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done);
    void ping(std::move_only_function<void(bool)> done);

    /// Runs a reader until `stop`. Thread: one of its own each.
    void work(Reader session, Serves serves);
    /// Refuses late and excess requests until `stop`, and until everything is answered. Thread: its own.
    void run_deadlines();
    /// Refuses all waiting requests. Thread: any.
    void stop();

private:
    using Time = std::chrono::steady_clock::time_point;

    /// Answered by the thread that sets `is_answered`, under the mutex: the reader, or the deadline thread.
    struct Request {
        virtual ~Request() = default;
        /// Thread: a reader.
        virtual void ask(Reader& session) = 0;
        virtual void answer() = 0;
        virtual void refuse() = 0;

        bool is_answered = false;
    };
    template <class Answer>
    struct Query;

    template <class Answer>
    void push(const ReadTag& tag, std::chrono::milliseconds within, std::move_only_function<Answer(Reader&)> ask,
              std::move_only_function<void(Answer)> done);

    // Constant after construction.
    const MongoTimes times_;
    Fence& fence_;

    // Any thread.
    FailureLog failures_{FailureLog::store_reads()};
    Mutex mutex_;
    Condition changed_;
    ReadQueue<std::shared_ptr<Request>> queue_ GUARDED_BY(mutex_);  // for the readers
    /// By deadline; answered requests stay until then.
    std::multimap<Time, std::shared_ptr<Request>> by_time_ GUARDED_BY(mutex_);
    std::deque<std::shared_ptr<Request>> refused_ GUARDED_BY(mutex_);  // beyond the limits
    bool is_stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace globes::store::mongo
