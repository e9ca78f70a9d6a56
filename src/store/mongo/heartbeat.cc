#include "store/mongo/heartbeat.h"

#include <optional>
#include <thread>

#include "store/mongo/documents.h"

namespace globes::store::mongo {
namespace {

Document key() {
    Document id;
    id.text("_id", "heartbeat");
    return id;
}

std::optional<std::uint64_t> read(Session& session) {
    std::optional<std::uint64_t> beats;
    session.find(kCounters, key(), Document(), [&](const View& counter) { beats = counter.number("value"); });
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

void Heartbeat::work(Session session, std::chrono::milliseconds interval) {
    std::unique_lock lock(mutex_);
    while (!stopping_.wait_for(lock, interval, [this] { return is_stopped_; })) {
        lock.unlock();
        beat(session);
        lock.lock();
    }
}

void Heartbeat::stop() {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    stopping_.notify_all();
}

bool Heartbeat::is_seen(Session& session, std::chrono::milliseconds interval) {
    const auto before = read(session);
    if (!before) return false;
    std::this_thread::sleep_for(interval * 5 / 2);
    return read(session) != before;
}

}  // namespace globes::store::mongo
