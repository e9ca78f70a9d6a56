#include "store/mongo/heartbeat.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <optional>
#include <thread>

#include "base/log.h"
#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

Document key() {
    Document id;
    id.text("_id", "heartbeat");
    return id;
}

std::optional<std::uint64_t> read(Session& session, const char* counters) {
    std::optional<std::uint64_t> beats;
    session.find(counters, key(), Document(), 1, [&](const View& counter) { beats = counter.number("value"); });
    return beats;
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

void Heartbeat::work(Session session, Fence& fence, bool is_serving, std::chrono::milliseconds interval) {
    std::unique_lock lock(mutex_);
    while (!stopping_.wait_for(lock, interval, [this] { return is_stopped_; }) && !fence.is_closed()) {
        lock.unlock();
        try {
            fence.look(session);
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

bool Heartbeat::is_seen(Session& session, const char* counters, std::chrono::milliseconds interval) {
    const auto before = read(session, counters);
    if (!before) return false;
    std::this_thread::sleep_for(interval * 5 / 2);
    const auto after = read(session, counters);
    // Where the counter is gone, another process has renamed the collection meanwhile.
    return after && after != before;
}

}  // namespace globes::store::mongo
