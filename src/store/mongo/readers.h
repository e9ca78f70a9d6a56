// One reader's session: the port's reads, within what the book says may be seen. Its thread only. Every call throws
// DatabaseError where the server can't be read.
//
// The threads that read, each with a session of its own, and one that answers whoever has waited too long or is too
// many: a call of the driver may block for longer than anybody wants to wait. Owned by the store.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/mongo/catalogue.h"
#include "store/mongo/fence.h"
#include "store/mongo/session.h"

namespace globes::store::mongo {

/// Who purges and deletes: this process, and the book says so, or another one.
enum class Writer : std::uint8_t { this_process, another };

class Reader {
public:
    /// All of them outlive it.
    Reader(const ConnectionPool& pool, const std::string& database, CommittedCatalogue& catalogue, Writer writer)
        : session_(pool, database), catalogue_(catalogue), writer_(writer) {}

    /// Not ok where the room's last batch is not settled.
    chat::EventPage read(const chat::EventQuery& query);
    chat::SendLookup find(std::span<const chat::SendKey> keys);
    /// Reads a little, and whether this process may still write. Throws DatabaseError where that is not possible.
    void ping(Fence& fence);
    /// How often the server has answered so far; some of the above is known without asking it.
    std::uint64_t replies() const { return replies_; }

private:
    chat::EventPage read_from_catalogue(const chat::EventQuery& query);
    void leave_out_purged(chat::RoomId room, chat::EventPage& page);
    std::vector<std::optional<UnixMicros>> times_at(chat::RoomId room, const std::vector<std::uint64_t>& seqs);
    /// The next `limit` events of the range, from its end where `is_descending`.
    std::vector<chat::Event> events(chat::RoomId room, chat::SeqRange range, std::size_t limit, bool is_descending);
    void find_in_room(std::span<const chat::SendKey> keys, std::span<std::optional<chat::Event>> found,
                      CommittedCatalogue::Part part);

    void ask(const char* collection, const Document& filter, const Document& options, std::size_t most,
             const std::function<void(const DocumentView&)>& take);

    Session session_;
    CommittedCatalogue& catalogue_;
    const Writer writer_;
    std::uint64_t replies_ = 0;
};

class ReaderPool {
public:
    /// `fence` outlives it.
    ReaderPool(Fence& fence, const MongoStoreSettings& settings)
        : times_(settings.times), limits_(settings.limits), fence_(fence) {}

    /// As the port says. Any thread.
    void read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done);
    void find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done);
    void ping(std::move_only_function<void(bool)> done);

    /// A thread that reads: until `stop`.
    void work(Reader session);
    /// The thread that answers in time: until `stop`, and until everything is answered.
    void run_deadlines();
    /// What still waits is refused. Any thread.
    void stop();

private:
    using Time = std::chrono::steady_clock::time_point;

    /// Whoever sets `is_answered` answers: a reader that is done, or the keeper of the time.
    struct Request {
        virtual ~Request() = default;
        /// A reader only, at any time.
        virtual void ask(Reader& session) = 0;
        virtual void answer() = 0;
        virtual void refuse() = 0;

        bool is_answered = false;
    };
    template <class Answer>
    struct Query;

    template <class Answer>
    void push(std::chrono::milliseconds within, std::move_only_function<Answer(Reader&)> ask,
              std::move_only_function<void(Answer)> done);
    void note_failure(std::string_view cause);
    void note_success();

    // Constant after construction.
    const MongoTimes times_;
    const chat::StoreLimits limits_;
    Fence& fence_;

    // Any thread, under the mutex.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<Request>> queue_;             // for the readers, without those that were refused
    std::multimap<Time, std::shared_ptr<Request>> by_time_;  // by deadline, also those that are answered meanwhile
    std::deque<std::shared_ptr<Request>> refused_;           // beyond the queue's limit
    bool is_failing_ = false;                                // the last read that was tried
    bool is_stopped_ = false;
};

}  // namespace globes::store::mongo
