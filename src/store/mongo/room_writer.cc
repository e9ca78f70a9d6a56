#include "store/mongo/room_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>
#include <variant>

#include "base/logging.h"

namespace globes::store::mongo {
namespace {

using namespace std::chrono_literals;

// Of one call; the driver cuts it further where the server wants less.
constexpr std::size_t kEventsAtOnce = 1000;
// Between two tries, and until a removal that reads still look at is looked at again.
constexpr std::chrono::milliseconds kPause = 100ms;

const chat::Event& event_of(const Step& step) { return *std::get<InsertEvent>(step.what).event; }

EventDocuments::Events events_of(const std::vector<Step*>& steps) {
    EventDocuments::Events events;
    events.reserve(steps.size());
    for (const Step* step : steps) events.push_back(&event_of(*step));
    return events;
}

}  // namespace

void Board::note_failure(std::string_view cause) {
    if (!is_failing_) spdlog::error("event=store_failed cause={}", log_value(cause));
    is_failing_ = true;
}

void Board::note_success() {
    if (is_failing_) spdlog::info("event=store_recovered");
    is_failing_ = false;
}

RoomWriter::RoomWriter(const Pool& pool, const std::string& database, Fence& fence, const RoomBook& book, Board& board)
    : fence_(fence),
      board_(board),
      session_(pool, database),
      rooms_(session_, fence),
      events_(session_, fence.number()),
      removals_(book) {}

void RoomWriter::work() {
    Lock lock(board_.mutex);
    while (!board_.is_stopped) {
        if (job_ != nullptr) {
            carry_out(*std::exchange(job_, nullptr), lock);
        } else if (may_remove()) {
            remove_some(lock);
        } else {
            board_.changed.wait(lock, [this] { return board_.is_stopped || job_ != nullptr || may_remove(); });
        }
    }
}

void RoomWriter::carry_out(Job& job, Lock& lock) {
    for (Steps steps = next_steps(job); !steps.empty() && !board_.is_stopped; steps = next_steps(job)) {
        if (fence_.is_closed()) {
            give_up(job);
            break;
        }
        for (Step* step : steps) step->state = StepState::in_call;
        const bool is_undoing = steps.front()->is_undoing;
        lock.unlock();
        const Outcome outcome = write(job, steps, is_undoing);
        lock.lock();
        for (Step* step : steps) {
            if (step->state != StepState::in_call) continue;
            step->state = StepState::waiting;
            step->may_be_there |= outcome.fate == Fate::unknown;
        }
        if (outcome.fate == Fate::done) {
            board_.note_success();
            board_.changed.notify_all();
        } else {
            board_.note_failure(outcome.cause);
            board_.changed.notify_all();
            pause(lock);
        }
    }
    job.is_over = next_steps(job).empty();
    board_.changed.notify_all();
}

/// Another process writes now. What may be there already is its business too.
void RoomWriter::give_up(Job& job) {
    for (Step& step : job.steps)
        if (!step.is_over()) step.state = step.may_be_there ? StepState::left : StepState::cancelled;
}

void RoomWriter::pause(Lock& lock) {
    board_.changed.wait_for(lock, kPause, [this] { return board_.is_stopped; });
}

/// The first that is not over, and where that is an event, those behind it.
RoomWriter::Steps RoomWriter::next_steps(Job& job) {
    Steps next;
    for (Step& step : job.steps) {
        if (step.is_over()) continue;
        const bool is_event = std::holds_alternative<InsertEvent>(step.what);
        if (!is_event && !next.empty()) break;
        next.push_back(&step);
        if (!is_event || next.size() == kEventsAtOnce) break;
    }
    return next;
}

/// Whatever it brings to an end it marks; the outcome is why the others are not.
Outcome RoomWriter::write(Job& job, const Steps& steps, bool is_undoing) {
    try {
        Step& step = *steps.front();
        if (std::holds_alternative<InsertEvent>(step.what)) return insert(job, steps);
        // A room that is made or removed meets nothing of the newer process, so this is asked before.
        fence_.look(session_);
        if (fence_.is_closed()) return {};
        return write_document(job, step, is_undoing);
    } catch (const CallError& error) {
        // Of a read; what was written before it is looked at again.
        return {.fate = Fate::not_sent, .cause = error.what()};
    } catch (const std::exception& error) {
        return {.fate = Fate::unknown, .cause = error.what()};
    }
}

Outcome RoomWriter::write_document(Job& job, Step& step, bool is_undoing) {
    Outcome outcome;
    if (auto* put = std::get_if<PutRoomDocument>(&step.what)) {
        if (put->before == nullptr) {
            const Lock lock(board_.mutex);
            removals_.forget(step.room);
        }
        outcome = is_undoing ? rooms_.undo(*put, step.room) : rooms_.write(*put, step.room);
    } else if (auto* deletion = std::get_if<DeleteRoomDocument>(&step.what)) {
        outcome = is_undoing ? rooms_.undo(*deletion, step.room) : rooms_.write(*deletion, step.room);
    } else {
        outcome = rooms_.write(std::get<MarkPurged>(step.what), step.room);
    }
    if (outcome.fate == Fate::done) {
        const Lock lock(board_.mutex);
        // Asked to be undone while it was written, it has another turn to come.
        if (step.is_undoing == is_undoing) step.state = is_undoing ? StepState::cancelled : StepState::done;
    } else if (outcome.fate == Fate::refused) {
        if (fence_.is_closed()) return {};
        spdlog::error("event=store_conflict room={} cause={}", step.room, log_value(outcome.cause));
        return refuse(job, step);
    }
    return outcome;
}

/// Throws CallError, as what it calls.
Outcome RoomWriter::insert(Job& job, Steps steps) {
    const auto is_over = [this](const Step* step) {
        const Lock lock(board_.mutex);
        return step->is_over();
    };
    // Of a call that broke off some may be there.
    if (std::ranges::any_of(steps, &Step::may_be_there)) {
        const auto same = events_.find_same(events_of(steps));
        Steps found;
        std::ranges::copy_if(steps, std::back_inserter(found),
                             [&](const Step* step) { return same.contains(&event_of(*step)); });
        end(found, StepState::done);
    }
    const Step* last_refused = nullptr;
    for (std::erase_if(steps, is_over); !steps.empty(); std::erase_if(steps, is_over)) {
        const Outcome outcome = events_.insert(events_of(steps));
        if (outcome.fate == Fate::unknown || outcome.fate == Fate::not_sent) return outcome;
        end(Steps(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(outcome.written)), StepState::done);
        if (outcome.fate == Fate::done) continue;
        Step& refused = *steps[outcome.written];
        // Nothing was in its way when it was looked at, and it is refused again: not at once, and not for ever.
        if (std::exchange(last_refused, &refused) == &refused) return {.fate = Fate::unknown, .cause = outcome.cause};
        const Outcome resolved = outcome.fate == Fate::duplicate ? resolve(job, refused) : refuse(job, refused);
        if (resolved.fate != Fate::done) return resolved;
    }
    return {};
}

/// An index refused the step's event. Throws CallError.
Outcome RoomWriter::resolve(Job& job, Step& step) {
    const chat::Event& event = event_of(step);
    const auto [taken, writer] = events_.examine(event, std::get<InsertEvent>(step.what).purged_seq);
    switch (taken) {
        case Taken::by_itself:
            end({&step}, StepState::done);
            return {};
        case Taken::by_nothing:
            return {};
        case Taken::id_is_used:
            return repeat(job, step);
        case Taken::by_another:
            break;
    }
    const std::uint64_t last_seq = events_.newest_seq(step.room);
    if (writer > fence_.number()) fence_.look(session_);
    if (!fence_.is_closed())
        spdlog::warn("event=late_events room={} seq={} last_seq={} writer={}", step.room, event.seq, last_seq, writer);
    yield(job, step, std::max(last_seq, event.seq));
    return {};
}

/// Another process has given the step's seq to an event of its own. That is history now, as is what this batch has
/// written before it, which the other one may have read: nothing is taken back, and the core reads on from there.
void RoomWriter::yield(Job& job, const Step& step, std::uint64_t last_seq) {
    const Lock lock(board_.mutex);
    job.surprises[step.room] = last_seq;
    for (Step& other : job.steps)
        if (other.room == step.room && !other.is_over()) other.state = StepState::refused;
}

/// The step's event has an id that is stored. What stands before it in its batch stays.
Outcome RoomWriter::repeat(Job& job, const Step& step) {
    Steps others;
    std::uint64_t stored_last = 0;
    for (Step& other : job.steps) {
        if (other.room != step.room || other.batch != step.batch) continue;
        // A change of the room itself is part of all or nothing.
        if (!std::holds_alternative<InsertEvent>(other.what)) return refuse(job, step);
        const Lock lock(board_.mutex);
        if (other.state == StepState::done) stored_last = event_of(other).seq;
        if (!other.is_over()) others.push_back(&other);
    }
    end(others, StepState::refused);
    const Lock lock(board_.mutex);
    job.repeats.emplace(step.room, Repeat{step.batch, event_of(step).seq, stored_last});
    return {};
}

/// Takes back what is there of the step's batch in its room; nothing of the room comes behind it.
Outcome RoomWriter::refuse(Job& job, const Step& step) {
    Steps written;
    Steps others;
    for (Step& other : job.steps) {
        if (other.room != step.room) continue;
        const Lock lock(board_.mutex);
        if (other.state == StepState::done && other.batch == step.batch) {
            if (std::holds_alternative<InsertEvent>(other.what)) written.push_back(&other);
        } else if (!other.is_over() && (other.batch == step.batch || !std::holds_alternative<InsertEvent>(step.what))) {
            others.push_back(&other);
        }
    }
    if (!written.empty()) {
        const Outcome removed = events_.remove(events_of(written));
        if (removed.fate != Fate::done) return removed;
    }
    end(written, StepState::refused);
    end(others, StepState::refused);
    return {};
}

void RoomWriter::end(const Steps& steps, StepState state) {
    const Lock lock(board_.mutex);
    for (Step* step : steps) step->state = state;
}

void RoomWriter::remove_some(Lock& lock) {
    const std::optional<Removal> removal = removals_.next();
    if (!removal) {
        board_.changed.wait_for(lock, kPause, [this] { return board_.is_stopped || job_ != nullptr; });
        return;
    }
    lock.unlock();
    std::optional<bool> is_over;
    try {
        is_over = Removals::remove_some(session_, *removal);
    } catch (const std::exception& error) {
        spdlog::debug("event=removal_failed room={} cause={}", removal->room, log_value(error.what()));
    }
    lock.lock();
    if (is_over == true) removals_.end(*removal);
    if (!is_over) board_.changed.wait_for(lock, kPause, [this] { return board_.is_stopped || job_ != nullptr; });
}

}  // namespace globes::store::mongo
