#include "store/mongo/room_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>
#include <variant>

#include "base/logging.h"

namespace globes::store::mongo {
namespace {

using namespace std::chrono_literals;

// Per call; the driver splits it further if the server accepts less.
constexpr std::size_t kEventsAtOnce = 1000;
// Between two tries, and between two checks whether active reads still need a garbage range.
constexpr std::chrono::milliseconds kPause = 100ms;

const chat::Event& event_of(const Operation& operation) { return *std::get<InsertEvent>(operation.what).event; }

EventCollection::Events events_of(const std::vector<Operation*>& operations) {
    EventCollection::Events events;
    events.reserve(operations.size());
    for (const Operation* operation : operations) events.push_back(&event_of(*operation));
    return events;
}

}  // namespace

RoomWriter::RoomWriter(const ConnectionPool& pool, const std::string& database, Fence& fence, RoomIdCounter& room_ids,
                       const CommittedCatalogue& catalogue, SharedState& shared)
    : fence_(fence),
      shared_(shared),
      session_(pool, database),
      rooms_(session_, fence, room_ids),
      events_(session_, fence.number()),
      garbage_collector_(catalogue) {}

void RoomWriter::start(Job& job) {
    shared_.mutex.assert_held();
    if (job_ != nullptr) {
        // A call of the garbage collector has blocked this writer's thread, and at the deadline all operations of the
        // earlier job were canceled. Its group ends when all jobs are over.
        assert(next_operations(*job_).empty());
        job_->is_over = true;
    }
    job_ = &job;
}

void RoomWriter::collect(GarbageRange removal) {
    shared_.mutex.assert_held();
    garbage_collector_.add(removal);
}

void RoomWriter::work() {
    const auto has_work = [this]() REQUIRES(shared_.mutex) {
        return shared_.is_stopped || job_ != nullptr || may_collect();
    };
    const MutexLock lock(shared_.mutex);
    while (!shared_.is_stopped) {
        if (job_ != nullptr) {
            run(*std::exchange(job_, nullptr));
        } else if (may_collect()) {
            collect_some();
        } else {
            shared_.changed.wait(shared_.mutex, has_work);
        }
    }
}

void RoomWriter::run(Job& job) {
    assert(!job.is_over);
    for (Operations operations = next_operations(job); !operations.empty() && !shared_.is_stopped;
         operations = next_operations(job)) {
        if (fence_.is_closed()) {
            abandon(job);
            break;
        }
        for (Operation* operation : operations) operation->state = OperationState::in_call;
        const bool is_rolling_back = operations.front()->is_rolling_back;
        WriteResult result;
        {
            const MutexUnlock unlock(shared_.mutex);
            result = write(job, operations, is_rolling_back);
        }
        for (Operation* operation : operations) {
            if (operation->state != OperationState::in_call) continue;
            operation->state = OperationState::waiting;
            operation->may_be_there |= result.status == WriteStatus::unknown;
        }
        if (result.status == WriteStatus::acknowledged) {
            shared_.note_success();
            shared_.changed.notify_all();
        } else {
            shared_.note_failure(result.cause);
            shared_.changed.notify_all();
            pause();
        }
    }
    job.is_over = next_operations(job).empty();
    shared_.changed.notify_all();
}

/// Another process is the writer now. It reads the operations that may be stored.
void RoomWriter::abandon(Job& job) {
    for (Operation& operation : job.operations)
        if (!operation.is_over())
            operation.state = operation.may_be_there ? OperationState::left : OperationState::cancelled;
}

void RoomWriter::pause() {
    shared_.changed.wait_for(shared_.mutex, kPause, [this]() REQUIRES(shared_.mutex) { return shared_.is_stopped; });
}

/// The first operation that is not over; if it inserts an event, also the events behind it.
RoomWriter::Operations RoomWriter::next_operations(Job& job) {
    Operations next;
    for (Operation& operation : job.operations) {
        if (operation.is_over()) continue;
        const bool is_event = std::holds_alternative<InsertEvent>(operation.what);
        if (!is_event && !next.empty()) break;
        next.push_back(&operation);
        if (!is_event || next.size() == kEventsAtOnce) break;
    }
    return next;
}

/// Sets the state of the operations that are over; the result is the reason why the others are not.
WriteResult RoomWriter::write(Job& job, const Operations& operations, bool is_rolling_back) {
    assert(!operations.empty());
    try {
        Operation& operation = *operations.front();
        if (std::holds_alternative<InsertEvent>(operation.what)) return insert(job, operations);
        // Creating or deleting a room conflicts with no document of a newer process, so the fence is read first.
        fence_.look(session_);
        if (fence_.is_closed()) return {};
        return write_document(job, operation, is_rolling_back);
    } catch (const DatabaseError& error) {
        // A read failed; earlier writes are resolved by the next try.
        return {.status = WriteStatus::not_applied, .cause = error.what()};
    } catch (const std::exception& error) {
        return {.status = WriteStatus::unknown, .cause = error.what()};
    }
}

WriteResult RoomWriter::write_document(Job& job, Operation& operation, bool is_rolling_back) {
    WriteResult result;
    if (auto* put = std::get_if<PutRoomDocument>(&operation.what)) {
        if (put->before == nullptr) {
            const MutexLock lock(shared_.mutex);
            garbage_collector_.forget(operation.room);
        }
        result = is_rolling_back ? rooms_.roll_back(*put, operation.room) : rooms_.write(*put, operation.room);
    } else if (auto* deletion = std::get_if<DeleteRoomDocument>(&operation.what)) {
        result =
            is_rolling_back ? rooms_.roll_back(*deletion, operation.room) : rooms_.write(*deletion, operation.room);
    } else {
        result = rooms_.write(std::get<MarkPurged>(operation.what), operation.room);
    }
    if (result.status == WriteStatus::acknowledged) {
        const MutexLock lock(shared_.mutex);
        // If the rollback was requested during the write, it is the next operation.
        if (operation.is_rolling_back == is_rolling_back)
            operation.state = is_rolling_back ? OperationState::cancelled : OperationState::done;
    } else if (result.status == WriteStatus::rejected) {
        if (fence_.is_closed()) return {};
        spdlog::error("event=store_conflict room={} cause={}", chat::loggable_id(operation.room),
                      log_value(result.cause));
        return refuse(job, operation);
    }
    return result;
}

/// Throws DatabaseError.
WriteResult RoomWriter::insert(Job& job, Operations operations) {
    const auto is_over = [this](const Operation* operation) {
        const MutexLock lock(shared_.mutex);
        return operation->is_over();
    };
    // An earlier call with an unknown outcome may have stored some.
    if (std::ranges::any_of(operations, &Operation::may_be_there)) {
        const auto same = events_.find_same(events_of(operations));
        Operations found;
        std::ranges::copy_if(operations, std::back_inserter(found),
                             [&](const Operation* operation) { return same.contains(&event_of(*operation)); });
        end(found, OperationState::done);
    }
    const Operation* last_refused = nullptr;
    for (std::erase_if(operations, is_over); !operations.empty(); std::erase_if(operations, is_over)) {
        WriteResult result = events_.insert(events_of(operations));
        if (result.status == WriteStatus::unknown || result.status == WriteStatus::not_applied) return result;
        end(Operations(operations.begin(), operations.begin() + static_cast<std::ptrdiff_t>(result.written)),
            OperationState::done);
        if (result.status == WriteStatus::acknowledged) continue;
        assert(result.written < operations.size());
        Operation& refused = *operations[result.written];
        // Refused twice without a conflicting event: pause before the next try.
        if (std::exchange(last_refused, &refused) == &refused)
            return {.status = WriteStatus::unknown, .cause = result.cause};
        const WriteResult resolved =
            result.status == WriteStatus::duplicate_key ? resolve(job, refused) : refuse(job, refused);
        if (resolved.status != WriteStatus::acknowledged) return resolved;
    }
    return {};
}

/// An index refused the event of the operation. Throws DatabaseError.
WriteResult RoomWriter::resolve(Job& job, Operation& operation) {
    const chat::Event& event = event_of(operation);
    const auto [kind, writer] = events_.examine(event, std::get<InsertEvent>(operation.what).purged_seq);
    switch (kind) {
        case ConflictKind::same_event:
            end({&operation}, OperationState::done);
            return {};
        case ConflictKind::gone:
            return {};
        case ConflictKind::repeated_id:
            return repeat(job, operation);
        case ConflictKind::foreign_event:
            break;
    }
    const std::uint64_t last_seq = events_.newest_seq(operation.room);
    if (writer > fence_.number()) fence_.look(session_);
    if (!fence_.is_closed())
        spdlog::warn("event=late_events room={} seq={} last_seq={} writer={}", chat::loggable_id(operation.room),
                     event.seq, last_seq, writer);
    yield(job, operation, std::max(last_seq, event.seq));
    return {};
}

/// Another process stored an event with this seq. Nothing is rolled back, because the other process may have read the
/// events that this batch stored before it. The core reads the room again from there.
void RoomWriter::yield(Job& job, const Operation& operation, std::uint64_t last_seq) {
    const MutexLock lock(shared_.mutex);
    job.foreign_writes[operation.room] = last_seq;
    for (Operation& other : job.operations)
        if (other.room == operation.room && !other.is_over()) other.state = OperationState::refused;
}

/// The event has a client id that is stored already. The events before it in the batch stay.
WriteResult RoomWriter::repeat(Job& job, const Operation& operation) {
    Operations others;
    std::uint64_t stored_last = 0;
    for (Operation& other : job.operations) {
        if (other.room != operation.room || other.batch != operation.batch) continue;
        // A batch that also changes the room is rolled back completely.
        if (!std::holds_alternative<InsertEvent>(other.what)) return refuse(job, operation);
        const MutexLock lock(shared_.mutex);
        if (other.state == OperationState::done) stored_last = event_of(other).seq;
        if (!other.is_over()) others.push_back(&other);
    }
    end(others, OperationState::refused);
    const MutexLock lock(shared_.mutex);
    job.repeats.emplace(operation.room, Repeat{operation.batch, event_of(operation).seq, stored_last});
    return {};
}

/// Removes the events that the batch has stored in the room, and refuses the others.
WriteResult RoomWriter::refuse(Job& job, const Operation& operation) {
    Operations written;
    Operations others;
    for (Operation& other : job.operations) {
        if (other.room != operation.room) continue;
        const MutexLock lock(shared_.mutex);
        if (other.state == OperationState::done && other.batch == operation.batch) {
            if (std::holds_alternative<InsertEvent>(other.what)) written.push_back(&other);
        } else if (!other.is_over() &&
                   (other.batch == operation.batch || !std::holds_alternative<InsertEvent>(operation.what))) {
            others.push_back(&other);
        }
    }
    if (!written.empty()) {
        const WriteResult removed = events_.remove(events_of(written));
        if (removed.status != WriteStatus::acknowledged) return removed;
    }
    end(written, OperationState::refused);
    end(others, OperationState::refused);
    return {};
}

void RoomWriter::end(const Operations& operations, OperationState state) {
    const MutexLock lock(shared_.mutex);
    for (Operation* operation : operations) operation->state = state;
}

void RoomWriter::collect_some() {
    const auto must_end = [this]() REQUIRES(shared_.mutex) { return shared_.is_stopped || job_ != nullptr; };
    const std::optional<GarbageRange> removal = garbage_collector_.next();
    if (!removal) {
        shared_.changed.wait_for(shared_.mutex, kPause, must_end);
        return;
    }
    std::optional<bool> is_over;
    {
        const MutexUnlock unlock(shared_.mutex);
        try {
            is_over = GarbageCollector::collect_some(session_, *removal);
        } catch (const std::exception& error) {
            spdlog::debug("event=removal_failed room={} cause={}", chat::loggable_id(removal->room),
                          log_value(error.what()));
        }
    }
    if (is_over == true) garbage_collector_.end(*removal);
    if (!is_over) shared_.changed.wait_for(shared_.mutex, kPause, must_end);
}

}  // namespace globes::store::mongo
