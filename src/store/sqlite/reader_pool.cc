#include "store/sqlite/reader_pool.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/process.h"

namespace globes::store {

/// One thread's connection. After a failure, the next call reopens it.
class ReaderPool::Session {
public:
    Session(const Database& database, OpenFiles* files, SnapshotScope scope, FailureLog& failures)
        : database_(database), files_(files), scope_(scope), failures_(failures) {}

    ReadSession& opened() {
        if (opened_) return *opened_;
        // The name may refer to another database by now.
        if (!are_files_in_place()) throw SqliteError(SQLITE_CANTOPEN, "a file of the database was removed or replaced");
        return opened_.emplace(database_, scope_);
    }
    bool are_files_in_place() { return files_ == nullptr || files_->are_in_place(); }

    /// The result of `work`; empty if the database could not be read.
    template <class Work>
    auto attempt(Work work) -> std::optional<std::invoke_result_t<Work, ReadSession&>> {
        try {
            auto result = work(opened());
            failures_.note_success();
            return result;
        } catch (const std::exception& error) {
            // The caller learns only that the read failed; the log has the cause.
            failures_.note_failure(error.what());
            opened_.reset();
            return std::nullopt;
        }
    }

private:
    const Database& database_;
    OpenFiles* const files_;
    const SnapshotScope scope_;
    FailureLog& failures_;
    std::optional<ReadSession> opened_;
};

ReaderPool::ReaderPool(const Database& database, const SqliteSettings& settings, const UnsettledRooms& unsettled,
                       OpenFiles* files, SnapshotScope scope)
    : database_(database),
      max_queued_(settings.limits.queued_reads),
      unsettled_(unsettled),
      files_(files),
      scope_(scope) {
    threads_.reserve(settings.reader_threads);
    while (threads_.size() < settings.reader_threads) threads_.emplace_back([this] { work(); });
}

chat::StoredRooms ReaderPool::load_rooms() {
    Load load;
    auto stored = load.done.get_future();
    push(std::move(load));
    return stored.get();
}

void ReaderPool::read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) {
    push(Read{.query = query, .done = std::move(done)});
}

void ReaderPool::find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) {
    push(Find{.keys = std::move(keys), .done = std::move(done)});
}

void ReaderPool::ping(std::move_only_function<void(bool)> done) { push(Ping{.done = std::move(done)}); }

void ReaderPool::push(Request request) {
    {
        const MutexLock lock(mutex_);
        if (!is_stopped_) {
            (queue_.size() < max_queued_ ? queue_ : refused_).push_back(std::move(request));
            changed_.notify_one();
            return;
        }
    }
    refuse(std::move(request));
}

void ReaderPool::stop() {
    {
        const MutexLock lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void ReaderPool::work() {
    name_this_thread("store-read");
    Session session(database_, files_, scope_, failures_);
    MutexLock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this]() REQUIRES(mutex_) { return !queue_.empty() || !refused_.empty() || is_stopped_; });
        std::deque<Request>& from = refused_.empty() ? queue_ : refused_;
        if (from.empty()) return;
        const bool is_refused = is_stopped_ || &from == &refused_;
        Request request = std::move(from.front());
        from.pop_front();
        lock.unlock();
        if (is_refused)
            refuse(std::move(request));
        else
            std::visit([&](auto& one) { answer(session, one); }, request);
        request = Ping{};  // Destroys its objects before the lock is taken again.
        lock.lock();
    }
}

void ReaderPool::answer(Session& session, Read& read) const {
    if (unsettled_.contains(read.query.room)) return read.done({});
    read.done(
        session.attempt([&](ReadSession& opened) { return opened.read(read.query); }).value_or(chat::EventPage()));
}

void ReaderPool::answer(Session& session, Find& find) const {
    const auto is_unsettled = [&](const chat::SendKey& key) { return unsettled_.contains(key.room); };
    if (std::ranges::any_of(find.keys, is_unsettled)) return find.done({});
    auto found = session.attempt([&](ReadSession& opened) { return opened.find(find.keys); });
    find.done(found ? chat::SendLookup{.ok = true, .found = std::move(*found)} : chat::SendLookup{});
}

void ReaderPool::answer(Session& session, Ping& ping) const {
    const bool is_read = session.attempt([](ReadSession& opened) { return opened.ping(), true; }).value_or(false);
    ping.done(is_read && session.are_files_in_place());
}

void ReaderPool::answer(Session& session, Load& load) const {
    try {
        load.done.set_value(session.opened().load_rooms());
    } catch (...) {
        load.done.set_exception(std::current_exception());
    }
}

void ReaderPool::refuse(Request request) {
    // Refused requests break their promise, which the caller receives as an exception.
    if (std::holds_alternative<Load>(request)) return;
    if (auto* ping = std::get_if<Ping>(&request)) return ping->done(false);
    if (auto* find = std::get_if<Find>(&request)) return find->done({});
    std::get<Read>(request).done({});
}

}  // namespace globes::store
