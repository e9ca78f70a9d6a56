#include "store/sqlite/reader_pool.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace globes::store {
namespace {

constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();

constexpr const char* kSelect =
    "SELECT seq, kind, name, color, text, client_id, time_us FROM events"
    // A deleted room's events are removed little by little.
    " WHERE room_id = ?1 AND seq > ?2 AND seq < ?3 AND EXISTS (SELECT 1 FROM rooms WHERE id = ?1)";

/// Beyond what a column can hold there are no rows anyway.
std::int64_t column_value(std::uint64_t value) {
    return static_cast<std::int64_t>(std::min(value, static_cast<std::uint64_t>(kNoEnd)));
}

chat::Event event_of(chat::RoomId room, const Statement& row) {
    return {.kind = static_cast<chat::EventKind>(row.integer(1)),
            .room = room,
            .seq = row.number(0),
            .name = row.text(2),
            .color = row.text(3),
            .text = row.text(4),
            .client_id = row.text(5),
            .time = row.integer(6)};
}

}  // namespace

/// One thread's connection. A failure may have harmed it, so the next call opens it anew.
class ReaderPool::Session {
public:
    explicit Session(const Database& database) : database_(database) {}

    chat::EventPage read(const chat::EventQuery& query) {
        chat::EventPage page;
        page.ok = attempt([&](Prepared& prepared) {
            (query.newest_first_cut ? prepared.newest : prepared.oldest)
                .query([&](const Statement& row) { page.events.push_back(event_of(query.room, row)); },
                       column_value(query.room), column_value(query.after),
                       query.before == 0 ? kNoEnd : column_value(query.before), column_value(query.limit));
        });
        if (!page.ok) page.events.clear();
        if (query.newest_first_cut) std::ranges::reverse(page.events);
        return page;
    }

    bool ping() {
        return attempt([](Prepared& prepared) { prepared.ping.run(); });
    }

private:
    struct Prepared {
        explicit Prepared(const Database& database)
            : connection(database, Connection::Access::read),
              oldest(connection, std::string(kSelect) + " ORDER BY seq LIMIT ?4"),
              newest(connection, std::string(kSelect) + " ORDER BY seq DESC LIMIT ?4"),
              ping(connection, "SELECT value FROM meta") {}
        Connection connection;
        Statement oldest;
        Statement newest;
        Statement ping;
    };

    template <class Work>
    bool attempt(Work work) {
        try {
            work(prepared_ ? *prepared_ : prepared_.emplace(database_));
            return true;
        } catch (const std::exception&) {
            // Whoever asked says so; the writer, which fails with the disk, writes it into the log.
            prepared_.reset();
            return false;
        }
    }

    const Database& database_;
    std::optional<Prepared> prepared_;
};

ReaderPool::ReaderPool(const Database& database, const SqliteSettings& settings, const UnsettledRooms& unsettled)
    : database_(database), max_queued_(settings.limits.queued_reads), unsettled_(unsettled) {
    threads_.reserve(settings.reader_threads);
    while (threads_.size() < settings.reader_threads) threads_.emplace_back([this] { work(); });
}

void ReaderPool::read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) {
    push(Read{.query = query, .done = std::move(done)});
}

void ReaderPool::ping(std::move_only_function<void(bool)> done) { push(Ping{.done = std::move(done)}); }

void ReaderPool::push(Request request) {
    {
        const std::lock_guard lock(mutex_);
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
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void ReaderPool::work() {
    Session session(database_);
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !queue_.empty() || !refused_.empty() || is_stopped_; });
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
        request = Ping{};  // What it owns goes before the lock is taken again.
        lock.lock();
    }
}

void ReaderPool::answer(Session& session, Read& read) const {
    if (unsettled_.contains(read.query.room)) return read.done({});
    read.done(session.read(read.query));
}

void ReaderPool::answer(Session& session, Ping& ping) { ping.done(session.ping()); }

void ReaderPool::refuse(Request request) {
    if (auto* read = std::get_if<Read>(&request)) return read->done({});
    std::get<Ping>(request).done(false);
}

}  // namespace globes::store
