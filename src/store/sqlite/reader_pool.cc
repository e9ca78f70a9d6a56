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
      unsettled_(unsettled),
      files_(files),
      scope_(scope),
      has_short_read_thread_(scope == SnapshotScope::call),
      queue_(settings.limits) {
    threads_.reserve(settings.reader_threads + 1);
    while (threads_.size() < settings.reader_threads) threads_.emplace_back([this] { work(Serves::all); });
    if (has_short_read_thread_) threads_.emplace_back([this] { work(Serves::short_reads); });
}

chat::StoredRooms ReaderPool::load_rooms() {
    Load load;
    auto stored = load.done.get_future();
    push(ReadTag::lookup(), std::move(load));
    return stored.get();
}

void ReaderPool::read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) {
    push(ReadTag::page(query), Read{.query = query, .done = std::move(done)});
}

void ReaderPool::find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) {
    push(ReadTag::lookup(), Find{.keys = std::move(keys), .done = std::move(done)});
}

void ReaderPool::ping(std::move_only_function<void(bool)> done) {
    push(ReadTag::ping(), Ping{.done = std::move(done)});
}

void ReaderPool::push(const ReadTag& tag, Request request) {
    {
        const MutexLock lock(mutex_);
        if (!is_stopped_) {
            const bool is_queued = queue_.push(tag, request);
            if (!is_queued) refused_.push_back(std::move(request));
            const bool is_page = is_queued && tag.kind == ReadTag::Kind::page;
            (is_page || !has_short_read_thread_ ? has_work_ : has_short_work_).notify_one();
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
    has_work_.notify_all();
    has_short_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void ReaderPool::work(Serves serves) {
    name_this_thread(serves == Serves::all ? "store-read" : "store-lookup");
    Condition& has_work = serves == Serves::all ? has_work_ : has_short_work_;
    Session session(database_, files_, scope_, failures_);
    MutexLock lock(mutex_);
    while (true) {
        has_work.wait(lock, [&]() REQUIRES(mutex_) { return !refused_.empty() || queue_.has(serves) || is_stopped_; });
        const bool is_refused = is_stopped_ || !refused_.empty();
        std::optional<Request> request = take_refused();
        if (!request) request = queue_.pop(serves);
        if (!request) return;
        lock.unlock();
        if (is_refused)
            refuse(std::move(*request));
        else
            std::visit([&](auto& one) { answer(session, one); }, *request);
        request.reset();  // Destroys its objects before the lock is taken again.
        lock.lock();
    }
}

std::optional<ReaderPool::Request> ReaderPool::take_refused() {
    if (refused_.empty()) return std::nullopt;
    Request request = std::move(refused_.front());
    refused_.pop_front();
    return request;
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
