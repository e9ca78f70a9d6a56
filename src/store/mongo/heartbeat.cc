#include "store/mongo/heartbeat.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <optional>
#include <string>
#include <thread>

#include "base/logging.h"
#include "store/mongo/documents.h"
#include "store/mongo/schema.h"

namespace globes::store::mongo {
namespace {

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

/// Asks with a write that changes nothing where a read, which may be of a moment before a fail-over, finds none.
bool is_there(Session& session, const CommittedCatalogue::EventPosition& event) {
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
    // A collection that is dropped takes its indexes along, and only they refuse what is there already. It is for good,
    // so they are looked at twice.
    if (fence.is_closed()) return;
    if (!index_fault(session).empty())
        if (const std::string fault = index_fault(session); !fault.empty()) return fence.mark_database_lost(fault);
    // An older state from behind the last heartbeat, or messages removed by hand.
    const auto newest = catalogue.newest_event();
    if (!newest || is_there(session, *newest) || catalogue.newest_event() != newest) return;
    // A newer process may have removed it.
    fence.look(session);
    if (!fence.is_closed()) fence.mark_database_lost("the newest message is gone: an older state was put back");
}

}  // namespace

void Heartbeat::beat(Session& session) {
    Document one;
    one.integer("value", 1);
    Document increment;
    increment.document("$inc", one);
    // While the database is away there is nobody to see it either.
    static_cast<void>(session.update(kCounters, key(), increment, true));
}

void Heartbeat::work(Session session, Fence& fence, const CommittedCatalogue& catalogue, bool is_serving,
                     std::chrono::milliseconds interval) {
    std::unique_lock lock(mutex_);
    while (!stopping_.wait_for(lock, interval, [this] { return is_stopped_; }) && !fence.is_closed()) {
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
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    stopping_.notify_all();
}

bool Heartbeat::is_server_alive(Session& session, const char* counters, std::chrono::milliseconds interval) {
    const auto before = read(session, counters);
    if (!before) return false;
    std::this_thread::sleep_for(interval * 5 / 2);
    const auto after = read(session, counters);
    // Where the counter is gone, another process has renamed the collection meanwhile.
    return after && after != before;
}

}  // namespace globes::store::mongo
