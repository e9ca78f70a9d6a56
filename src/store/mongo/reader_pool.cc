#include "store/mongo/reader_pool.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/logging.h"

namespace globes::store::mongo {

template <class Answer>
struct ReaderPool::Query final : Request {
    using Ask = std::move_only_function<Answer(Reader&)>;
    using Done = std::move_only_function<void(Answer)>;

    Query(Ask ask_of, Done tell) : question(std::move(ask_of)), done(std::move(tell)) {}
    void ask(Reader& session) override { result = question(session); }
    void answer() override { done(std::move(result)); }
    void refuse() override { done(Answer()); }

    Ask question;
    Done done;
    Answer result{};
};

void ReaderPool::read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) {
    const auto ask = [this, query](Reader& session) {
        return fence_.is_database_lost() ? chat::EventPage() : session.read(query);
    };
    push<chat::EventPage>(times_.read, ask, std::move(done));
}

void ReaderPool::find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) {
    auto ask = [this, keys = std::move(keys)](Reader& session) {
        return fence_.is_database_lost() ? chat::SendLookup() : session.find(keys);
    };
    push<chat::SendLookup>(times_.lookup, std::move(ask), std::move(done));
}

void ReaderPool::ping(std::move_only_function<void(bool)> done) {
    // A process that may not write any more can't serve, however well it can read.
    const auto ask = [this](Reader& session) { return session.ping(fence_), !fence_.is_closed(); };
    push<bool>(times_.read, ask, std::move(done));
}

template <class Answer>
void ReaderPool::push(std::chrono::milliseconds within, std::move_only_function<Answer(Reader&)> ask,
                      std::move_only_function<void(Answer)> done) {
    auto request = std::make_shared<Query<Answer>>(std::move(ask), std::move(done));
    const Time deadline = std::chrono::steady_clock::now() + within;
    {
        const std::lock_guard lock(mutex_);
        if (!is_stopped_) {
            if (queue_.size() < limits_.queued_reads) {
                queue_.push_back(request);
                by_time_.emplace(deadline, std::move(request));
            } else {
                refused_.push_back(std::move(request));
            }
            changed_.notify_all();
            return;
        }
    }
    request->refuse();
}

void ReaderPool::stop() {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
}

void ReaderPool::work(Reader session) {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !queue_.empty() || is_stopped_; });
        if (is_stopped_) return;
        const std::shared_ptr<Request> request = std::move(queue_.front());
        queue_.pop_front();
        if (request->is_answered) continue;
        lock.unlock();
        // Whoever asked hears that it could not be read; the log says why.
        std::optional<std::string> fault;
        const std::uint64_t replies_before = session.replies();
        try {
            request->ask(session);
        } catch (const std::exception& error) {
            fault = error.what();
        }
        lock.lock();
        if (fault)
            note_failure(*fault);
        else if (!request->is_answered && session.replies() > replies_before)
            note_success();
        if (std::exchange(request->is_answered, true)) continue;
        lock.unlock();
        request->answer();
        lock.lock();
    }
}

/// One line when reads begin to fail, one when they are back. Under the mutex, here and below.
void ReaderPool::note_failure(std::string_view cause) {
    if (!std::exchange(is_failing_, true)) spdlog::error("event=store_read_failed cause={}", log_value(cause));
}

void ReaderPool::note_success() {
    if (std::exchange(is_failing_, false)) spdlog::info("event=store_read_recovered");
}

void ReaderPool::run_deadlines() {
    std::unique_lock lock(mutex_);
    while (true) {
        std::shared_ptr<Request> request;
        bool is_late = false;
        if (!refused_.empty()) {
            request = std::move(refused_.front());
            refused_.pop_front();
        } else if (by_time_.empty()) {
            if (is_stopped_) return;
            changed_.wait(lock);
            continue;
        } else {
            const auto next = by_time_.begin();
            if (!next->second->is_answered && !is_stopped_ && std::chrono::steady_clock::now() < next->first) {
                const Time deadline = next->first;
                changed_.wait_until(lock, deadline);
                continue;
            }
            request = std::move(next->second);
            by_time_.erase(next);
            is_late = !is_stopped_;
        }
        if (std::exchange(request->is_answered, true)) continue;
        if (is_late) note_failure("no answer in time");
        lock.unlock();
        request->refuse();
        lock.lock();
    }
}

}  // namespace globes::store::mongo
