// The threads that read, each with a session of its own, and one that answers whoever has waited too long or is too
// many: a call of the driver may block for longer than anybody wants to wait. Owned by the store.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "store/mongo/fence.h"
#include "store/mongo/read_session.h"

namespace globes::store::mongo {

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
