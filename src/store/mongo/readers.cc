#include "store/mongo/readers.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/keyed_hash.h"
#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

// Per call, so that a request to the server has a bounded size.
constexpr std::size_t kKeysAtOnce = 1000;
// Per reply, if the page is limited in bytes: it may end long before its number of events.
constexpr int kEventsAtOnce = 128;

}  // namespace

chat::EventPage Reader::read(const chat::EventQuery& query) {
    chat::EventPage page = read_from_catalogue(query);
    if (page.ok && writer_ == Writer::another) leave_out_purged(query.room, page);
    return page;
}

chat::EventPage Reader::read_from_catalogue(const chat::EventQuery& query) {
    const CommittedCatalogue::ActiveRead active_read(catalogue_);
    const CommittedCatalogue::VisibleRange visible = active_read.range(query.room);
    if (visible.is_in_doubt) return {};
    chat::SeqRange range{.first = visible.purged_seq + 1, .last = visible.last_seq};
    const auto times = [&](const std::vector<std::uint64_t>& seqs) { return times_at(query.room, seqs); };
    chat::EventPage page{.ok = true, .first_seq = chat::first_unexpired(range, query.expiry, times)};
    if (query.after >= range.last || query.before == 1) return page;
    range.first = std::max(page.first_seq, query.after + 1);
    if (query.before != 0) range.last = std::min(range.last, query.before - 1);
    if (range.first > range.last || query.limit == 0) return page;
    read_range(query, range, page);
    if (query.keeps_newest) std::ranges::reverse(page.events);
    return page;
}

/// The catalogue is as old as the store. The purging process writes `purged_seq` into the room's document before it
/// removes events, and removes the document of a deleted room first. So the document, read after the events, explains
/// every event that was not found.
void Reader::leave_out_purged(chat::RoomId room, chat::EventPage& page) {
    Document id;
    id.number("_id", room);
    Document fields;
    fields.integer("purged_seq", 1);
    Document options;
    options.document("projection", fields);
    std::optional<std::uint64_t> purged_seq;
    ask(kRooms, id, options, 1, [&](const DocumentView& found) { purged_seq = found.number("purged_seq"); });
    page.first_seq = purged_seq ? std::max(page.first_seq, *purged_seq + 1) : 0;
    std::erase_if(page.events, [&](const chat::Event& event) { return !purged_seq || event.seq <= *purged_seq; });
}

void Reader::read_range(const chat::EventQuery& query, chat::SeqRange range, chat::EventPage& page) {
    assert(range.first <= range.last && query.limit > 0);
    Document bounds;
    bounds.number("$gte", range.first).number("$lte", range.last);
    Document filter;
    filter.number("room_id", query.room).document("seq", bounds);
    Document order;
    order.integer("seq", query.keeps_newest ? -1 : 1);
    Document options;
    options.document("sort", order);
    const auto limit = std::min<std::size_t>(query.limit, std::numeric_limits<std::int32_t>::max());
    options.number("limit", limit);
    if (query.max_bytes != 0) options.integer("batchSize", kEventsAtOnce);
    chat::PageBytes bytes(query);
    session_.find_while(kEvents, filter, options, limit, [&](const DocumentView& document) {
        chat::Event event = event_of(document);
        if (event.room != query.room || event.seq < range.first || event.seq > range.last)
            throw DatabaseError("the server replied with an event that was not requested", 0, 0);
        page.is_cut = !bytes.take(event);
        if (page.is_cut) return false;
        // The next event must follow this one.
        (query.keeps_newest ? range.last = event.seq - 1 : range.first = event.seq + 1);
        page.events.push_back(std::move(event));
        return true;
    });
    ++replies_;
}

std::vector<std::optional<UnixMicros>> Reader::times_at(chat::RoomId room, const std::vector<std::uint64_t>& seqs) {
    assert(std::ranges::is_sorted(seqs));
    Document any;
    any.numbers("$in", seqs);
    Document filter;
    filter.number("room_id", room).document("seq", any);
    Document fields;
    fields.integer("_id", 0).integer("seq", 1).integer("time", 1).integer("time_us", 1);
    Document options;
    options.document("projection", fields);
    std::vector<std::optional<UnixMicros>> times(seqs.size());
    ask(kEvents, filter, options, seqs.size(), [&](const DocumentView& event) {
        const auto seq = std::ranges::lower_bound(seqs, event.number("seq"));
        if (seq != seqs.end() && *seq == event.number("seq"))
            times[static_cast<std::size_t>(seq - seqs.begin())] = event.time("time");
    });
    return times;
}

chat::SendLookup Reader::find(std::span<const chat::SendKey> keys) {
    const CommittedCatalogue::ActiveRead active_read(catalogue_);
    chat::SendLookup lookup{.ok = true, .found = std::vector<std::optional<chat::Event>>(keys.size())};
    for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
        while (end < keys.size() && end - begin < kKeysAtOnce && keys[end].room == keys[begin].room) ++end;
        const CommittedCatalogue::VisibleRange visible = active_read.range(keys[begin].room);
        if (visible.is_in_doubt) return {};
        find_in_room(keys.subspan(begin, end - begin), std::span(lookup.found).subspan(begin, end - begin), visible);
    }
    return lookup;
}

void Reader::find_in_room(std::span<const chat::SendKey> keys, std::span<std::optional<chat::Event>> found,
                          CommittedCatalogue::VisibleRange visible) {
    assert(!keys.empty() && keys.size() == found.size());
    if (visible.last_seq <= visible.purged_seq) return;
    std::vector<std::string> wanted;
    wanted.reserve(keys.size());
    for (const chat::SendKey& key : keys) wanted.push_back(dedupe_key(key.folded_name, key.client_id));
    Document any;
    any.texts("$in", wanted);
    Document filter;
    filter.number("room_id", keys.front().room).document("dedupe_key", any);
    std::unordered_map<std::string, chat::Event, KeyedHash> events;
    ask(kEvents, filter, Document(), keys.size(), [&](const DocumentView& document) {
        chat::Event event = event_of(document);
        if (event.room != keys.front().room)
            throw DatabaseError("the server replied with an event that was not requested", 0, 0);
        if (event.seq <= visible.purged_seq || event.seq > visible.last_seq) return;
        events.insert_or_assign(document.text("dedupe_key"), std::move(event));
    });
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (const auto event = events.find(wanted[i]); event != events.end()) found[i] = event->second;
}

void Reader::ask(const char* collection, const Document& filter, const Document& options, std::size_t most,
                 const std::function<void(const DocumentView&)>& take) {
    session_.find(collection, filter, options, most, take);
    ++replies_;
}

void Reader::ping(Fence& fence) {
    // The server's `ping` succeeds without any rights, and without a majority.
    fence.look(session_);
    ++replies_;
}

template <class Answer>
struct ReaderPool::Query final : Request {
    using Ask = std::move_only_function<Answer(Reader&)>;
    using Done = std::move_only_function<void(Answer)>;

    Query(Ask ask, Done callback) : run(std::move(ask)), done(std::move(callback)) {}
    void ask(Reader& session) override { result = run(session); }
    void answer() override { done(std::move(result)); }
    void refuse() override { done(Answer()); }

    Ask run;
    Done done;
    Answer result{};
};

void ReaderPool::read_events(chat::EventQuery query, std::move_only_function<void(chat::EventPage)> done) {
    const auto ask = [this, query](Reader& session) {
        return fence_.is_database_lost() ? chat::EventPage() : session.read(query);
    };
    push<chat::EventPage>(ReadTag::page(query), times_.read, ask, std::move(done));
}

void ReaderPool::find_sends(std::vector<chat::SendKey> keys, std::move_only_function<void(chat::SendLookup)> done) {
    auto ask = [this, keys = std::move(keys)](Reader& session) {
        return fence_.is_database_lost() ? chat::SendLookup() : session.find(keys);
    };
    push<chat::SendLookup>(ReadTag::lookup(), times_.lookup, std::move(ask), std::move(done));
}

void ReaderPool::ping(std::move_only_function<void(bool)> done) {
    // A process that must not write any more cannot serve, even if it can read.
    const auto ask = [this](Reader& session) { return session.ping(fence_), !fence_.is_closed(); };
    push<bool>(ReadTag::ping(), times_.read, ask, std::move(done));
}

template <class Answer>
void ReaderPool::push(const ReadTag& tag, std::chrono::milliseconds within,
                      std::move_only_function<Answer(Reader&)> ask, std::move_only_function<void(Answer)> done) {
    std::shared_ptr<Request> request = std::make_shared<Query<Answer>>(std::move(ask), std::move(done));
    const Time deadline = std::chrono::steady_clock::now() + within;
    {
        const MutexLock lock(mutex_);
        if (!is_stopped_) {
            if (std::shared_ptr<Request> queued = request; queue_.push(tag, queued)) {
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
    const MutexLock lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
}

void ReaderPool::work(Reader session, Serves serves) {
    MutexLock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&]() REQUIRES(mutex_) { return queue_.has(serves) || is_stopped_; });
        if (is_stopped_) return;
        const std::shared_ptr<Request> request = *queue_.pop(serves);
        if (request->is_answered) continue;
        lock.unlock();
        // The caller learns only that the read failed; the log has the cause.
        std::optional<std::string> fault;
        const std::uint64_t replies_before = session.replies();
        try {
            request->ask(session);
        } catch (const std::exception& error) {
            fault = error.what();
        }
        lock.lock();
        if (fault)
            failures_.note_failure(*fault);
        else if (!request->is_answered && session.replies() > replies_before)
            failures_.note_success();
        if (std::exchange(request->is_answered, true)) continue;
        lock.unlock();
        request->answer();
        lock.lock();
    }
}

void ReaderPool::run_deadlines() {
    MutexLock lock(mutex_);
    while (true) {
        std::shared_ptr<Request> request;
        bool is_late = false;
        if (!refused_.empty()) {
            request = std::move(refused_.front());
            refused_.pop_front();
        } else if (by_time_.empty()) {
            if (is_stopped_) return;
            changed_.wait(mutex_);
            continue;
        } else {
            const auto next = by_time_.begin();
            if (!next->second->is_answered && !is_stopped_ && std::chrono::steady_clock::now() < next->first) {
                const Time deadline = next->first;
                changed_.wait_until(mutex_, deadline);
                continue;
            }
            request = std::move(next->second);
            by_time_.erase(next);
            is_late = !is_stopped_;
        }
        if (std::exchange(request->is_answered, true)) continue;
        if (is_late) failures_.note_failure("no answer in time");
        lock.unlock();
        request->refuse();
        lock.lock();
    }
}

}  // namespace globes::store::mongo
