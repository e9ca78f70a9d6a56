#include "store/mongo/fence.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cassert>
#include <exception>
#include <optional>
#include <string>
#include <thread>

#include "base/logging.h"
#include "base/random.h"
#include "store/mongo/documents.h"
#include "store/mongo/schema.h"

namespace globes::store::mongo {
namespace {

constexpr std::size_t kMarkBytes = 16;

Document counter() {
    Document id;
    id.text("_id", "writer");
    return id;
}

Document key() {
    Document id;
    id.text("_id", "heartbeat");
    return id;
}

std::optional<std::uint64_t> read(Session& session, const char* counters) {
    std::optional<std::uint64_t> beats;
    session.find(counters, key(), Document(), 1, [&](const DocumentView& counter) { beats = counter.number("value"); });
    return beats;
}

/// If a read does not find the event, asks again with a write that changes nothing: a read may show the state before a
/// fail-over.
bool is_stored(Session& session, const CommittedCatalogue::EventPosition& event) {
    Document id;
    id.text("_id", event_id(event.room, event.seq));
    bool is_found = false;
    session.find(kEvents, id, Document(), 1, [&](const DocumentView&) { is_found = true; });
    if (is_found) return true;
    Document seq;
    seq.number("seq", event.seq);
    Document nothing;
    nothing.document("$max", seq);
    const WriteResult result = session.update(kEvents, id, nothing);
    if (result.status != WriteStatus::acknowledged) throw DatabaseError(result.cause, result.domain, result.code);
    return result.written > 0;
}

void look(Session& session, Fence& fence, const CommittedCatalogue& catalogue) {
    fence.beat(session);
    if (fence.is_closed()) return;
    // A dropped collection loses its indexes, and only they refuse events that are stored already. Closing the fence is
    // final, so a fault must be found twice.
    if (!index_fault(session).empty())
        if (const std::string fault = index_fault(session); !fault.empty()) return fence.mark_database_lost(fault);
    // The newest event is absent if the database was restored to a state after the last heartbeat, or if somebody
    // removed messages by hand.
    const auto newest = catalogue.newest_event();
    if (!newest || is_stored(session, *newest) || catalogue.newest_event() != newest) return;
    // A newer process may have purged it.
    fence.look(session);
    if (!fence.is_closed()) fence.mark_database_lost("the newest message is missing: an older state was restored");
}

}  // namespace

void Fence::take_over(Session& session) {
    assert(number_ == 0);
    // A restored older state may give the same number again, but never has the same mark.
    mark_ = random_hex(kMarkBytes);
    Document one;
    one.integer("value", 1);
    Document mark;
    mark.text("mark", mark_).integer("beats", 0);
    Document change;
    change.document("$inc", one).document("$set", mark);
    Document majority;
    majority.text("w", "majority").boolean("j", true);
    Document command;
    command.text("findAndModify", kCounters).document("query", counter()).document("update", change);
    command.boolean("upsert", true).boolean("new", true).document("writeConcern", majority);
    const auto count_up = [&] {
        session.command(command, [this](const DocumentView& reply) {
            reply.visit_document("value", [this](const DocumentView& found) { number_ = found.number("value"); });
        });
    };
    try {
        count_up();
    } catch (const DatabaseError& error) {
        // If two processes create the counter at once, the server refuses one of them; its second try finds the
        // counter.
        if (error.code() != MONGOC_ERROR_DUPLICATE_KEY) throw;
        count_up();
    }
    if (number_ == 0) throw DatabaseError("the server did not assign a writer number", 0, 0);
}

void Fence::look(Session& session) {
    const std::uint64_t beats_before = beats_;
    bool is_found = false;
    std::uint64_t newest = 0;
    std::uint64_t beats = 0;
    std::string mark;
    session.find(kCounters, counter(), Document(), 1, [&](const DocumentView& found) {
        is_found = true;
        newest = found.number("value");
        beats = found.number("beats");
        mark = found.text("mark");
    });
    const bool is_as_written = newest == number_ && mark == mark_ && beats >= beats_before;
    if (number_ == 0 || is_closed_ || is_as_written || confirm_ownership(session, beats_before, beats_before)) return;
    if (newest > number_) {
        if (!is_closed_.exchange(true))
            spdlog::critical(
                "event=second_writer writer={} own={} reason=\"another Globes was started on the database\"", newest,
                number_);
    } else if (!is_found) {
        mark_database_lost("the counter `writer` is missing: the database was dropped or emptied");
    } else if (newest < number_) {
        mark_database_lost(
            fmt::format("the counter `writer` is {} and was {}: an older state was restored", newest, number_));
    } else if (mark == mark_) {
        mark_database_lost("the counter `writer` has fewer beats than before: an older state was restored");
    } else {
        mark_database_lost(
            "the counter `writer` has another mark: an older state was restored, or the database was replaced");
    }
}

void Fence::beat(Session& session) {
    const std::uint64_t beats = beats_ + 1;
    if (confirm_ownership(session, beats_, beats))
        beats_ = beats;
    else
        look(session);
}

/// Asks with a write, which raises the beats: just after a fail-over, a read may show an older state.
bool Fence::confirm_ownership(Session& session, std::uint64_t beats_before, std::uint64_t beats) const {
    assert(number_ != 0 && beats_before <= beats);
    Document not_older;
    not_older.number("$gte", beats_before);
    Document mine = counter();
    mine.number("value", number_).text("mark", mark_).document("beats", not_older);
    Document raised;
    raised.number("beats", beats);
    Document change;
    change.document("$max", raised);
    const WriteResult result = session.update(kCounters, mine, change);
    if (result.status != WriteStatus::acknowledged) throw DatabaseError(result.cause, result.domain, result.code);
    return result.written > 0;
}

void Fence::mark_database_lost(const std::string& cause) {
    // Before the fence closes: readers check this, so they return no history of another database.
    is_database_lost_ = true;
    if (!is_closed_.exchange(true)) spdlog::critical("event=database_lost cause={}", log_value(cause));
}

void Heartbeat::beat(Session& session) {
    Document one;
    one.integer("value", 1);
    Document increment;
    increment.document("$inc", one);
    // The result is ignored: while the database is unreachable, no import can read the heartbeat either.
    static_cast<void>(session.update(kCounters, key(), increment, true));
}

void Heartbeat::work(Session session, Fence& fence, const CommittedCatalogue& catalogue, bool is_serving,
                     std::chrono::milliseconds interval) {
    MutexLock lock(mutex_);
    while (!stopping_.wait_for(lock, interval, [this]() REQUIRES(mutex_) { return is_stopped_; }) &&
           !fence.is_closed()) {
        lock.unlock();
        try {
            look(session, fence, catalogue);
            if (is_serving && !fence.is_closed()) beat(session);
        } catch (const std::exception& error) {
            spdlog::debug("event=heartbeat_failed cause={}", log_value(error.what()));
        }
        lock.lock();
    }
}

void Heartbeat::stop() {
    const MutexLock lock(mutex_);
    is_stopped_ = true;
    stopping_.notify_all();
}

bool Heartbeat::is_server_alive(Session& session, const char* counters, std::chrono::milliseconds interval) {
    const auto before = read(session, counters);
    if (!before) return false;
    std::this_thread::sleep_for(interval * 5 / 2);
    const auto after = read(session, counters);
    // If the counter is absent now, another process has renamed the collection meanwhile.
    return after && after != before;
}

}  // namespace globes::store::mongo
