#include "store/mongo/committer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace globes::store::mongo {
namespace {

using chat::CommitOutcome;

// One group holds at most this much, or the first of a great queue would wait for the last.
constexpr std::size_t kGroupBytes = std::size_t{4} << 20;
constexpr std::uint64_t kAllSeqs = std::numeric_limits<std::int64_t>::max();

bool is_room_document(const Step& step) {
    return std::holds_alternative<PutRoomDocument>(step.what) || std::holds_alternative<DeleteRoomDocument>(step.what);
}

}  // namespace

Committer::Committer(RoomBook& book, Board& board, std::vector<std::unique_ptr<RoomWriter>>& writers,
                     const MongoStoreSettings& settings)
    : times_(settings.times),
      limits_(settings.limits),
      board_(board),
      writers_(writers),
      book_(book),
      planner_(book),
      jobs_(settings.writers) {}

void Committer::append(chat::StoreBatch batch, Done done) {
    Pending pending{.batch = std::move(batch),
                    .done = std::move(done),
                    .deadline = std::chrono::steady_clock::now() + times_.batch};
    pending.bytes = chat::queued_bytes(pending.batch);
    chat::StoreBatch dropped;
    Lock lock(board_.mutex);
    if (is_stopped_) {
        lock.unlock();
        return pending.done(CommitOutcome::failed);
    }
    if (pending.bytes > limits_.queued_bytes - queued_bytes_) {
        // It stays in the line, but keeps nothing except its answer.
        dropped.swap(pending.batch);
        pending.bytes = 0;
        pending.is_refused = true;
    }
    queued_bytes_ += pending.bytes;
    queue_.push_back(std::move(pending));
    board_.changed.notify_all();
}

void Committer::stop() {
    const Lock lock(board_.mutex);
    is_stopped_ = true;
    board_.changed.notify_all();
}

void Committer::work() {
    Lock lock(board_.mutex);
    while (true) {
        board_.changed.wait(lock, [this] { return !queue_.empty() || is_stopped_; });
        if (queue_.empty()) break;
        take_group();
        lock.unlock();
        plan_group();
        lock.lock();
        carry_out(lock);
        end_group();
    }
    board_.is_stopped = true;
    board_.changed.notify_all();
}

void Committer::take_group() {
    std::size_t bytes = 0;
    do {
        bytes += queue_.front().bytes;
        group_.push_back({.pending = std::move(queue_.front())});
        queue_.pop_front();
    } while (!queue_.empty() && bytes + queue_.front().bytes <= kGroupBytes);
}

void Committer::plan_group() {
    planner_.begin_group();
    for (std::size_t number = 0; number < group_.size(); ++number) {
        Member& member = group_[number];
        if (member.pending.is_refused) continue;
        auto plan = planner_.plan(member.pending.batch, number);
        if (!plan) continue;
        member.is_valid = true;
        member.effects = std::move(plan->effects);
        for (Step& step : plan->steps) jobs_[step.room % jobs_.size()].steps.push_back(std::move(step));
    }
    for (Job& job : jobs_)
        for (Step& step : job.steps) group_[step.batch].steps.push_back(&step);
}

const Job& Committer::job_of(chat::RoomId room) const { return jobs_[room % jobs_.size()]; }

void Committer::carry_out(Lock& lock) {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
        jobs_[i].is_over = jobs_[i].steps.empty();
        if (!jobs_[i].is_over) writers_[i]->start(jobs_[i]);
    }
    board_.changed.notify_all();
    while (true) {
        finish_what_is_over(lock);
        // A job may have ended while somebody was answered.
        if (are_jobs_over()) {
            if (std::ranges::all_of(group_, &Member::is_over)) return;
            continue;
        }
        const auto waiting = std::ranges::find(group_, false, &Member::is_answered);
        if (waiting == group_.end() && queue_.empty() && is_stopped_) return;
        const bool is_of_group = waiting != group_.end();
        if (!is_of_group && queue_.empty()) {
            board_.changed.wait(lock);
            continue;
        }
        const Time deadline = is_of_group ? waiting->pending.deadline : queue_.front().deadline;
        if (board_.changed.wait_until(lock, deadline) == std::cv_status::no_timeout) continue;
        if (is_of_group) {
            give_up(*waiting, lock);
        } else {
            // Nobody has begun with it.
            Pending late = std::move(queue_.front());
            queue_.pop_front();
            answer(late, CommitOutcome::failed, lock);
        }
    }
}

bool Committer::are_jobs_over() const { return std::ranges::all_of(jobs_, &Job::is_over); }

void Committer::finish_what_is_over(Lock& lock) {
    drop_unsent();
    bool may_answer = true;
    for (Member& member : group_) {
        if (member.is_over) continue;
        const bool is_over = std::ranges::all_of(member.steps, &Step::is_over);
        if (is_over && (may_answer || member.is_answered)) finish(member, lock);
        may_answer &= member.is_answered;
    }
}

/// All steps of the batch are over, and those before it are answered.
void Committer::finish(Member& member, Lock& lock) {
    member.is_over = true;
    apply(member);
    if (!member.is_answered) answer(member, outcome_of(member), lock);
}

CommitOutcome Committer::outcome_of(const Member& member) const {
    const auto is_done = [](const Step* step) { return step->state == StepState::done; };
    if (!member.is_valid) return CommitOutcome::failed;
    if (std::ranges::all_of(member.steps, is_done)) return CommitOutcome::committed;
    // What another process has left behind has to be read before the room goes on.
    const auto has_late_events = [this](const Effect& effect) {
        const auto& surprises = job_of(effect.room).surprises;
        const auto found = surprises.find(effect.room);
        return found != surprises.end() && !found->second.is_stopped;
    };
    const bool is_absent = std::ranges::none_of(member.steps, is_done);
    return is_absent && std::ranges::none_of(member.effects, has_late_events) ? CommitOutcome::failed
                                                                              : CommitOutcome::unknown;
}

/// What the batch did becomes visible, room by room.
void Committer::apply(const Member& member) {
    for (const Step* step : member.steps) {
        const auto* put = std::get_if<PutRoomDocument>(&step->what);
        if (put == nullptr || put->before == nullptr || !step->is_undoing) continue;
        RoomState set_back = *book_.find(step->room);
        set_back.version = put->version + 1;
        book_.put(step->room, std::move(set_back));
    }
    for (const Effect& effect : member.effects) {
        const chat::RoomId room = effect.room;
        note_surprise(room);
        const auto is_missing = [room](const Step* step) {
            return step->room == room && step->state != StepState::done;
        };
        if (std::ranges::any_of(member.steps, is_missing)) continue;
        const RoomState* before = book_.find(room);
        const std::uint64_t purged_before = before != nullptr ? before->purged_seq : 0;
        if (!effect.after) {
            book_.erase(room);
            removals_.push_back({.room = room, .through_seq = kAllSeqs, .is_whole_room = true});
            continue;
        }
        const std::uint64_t purged_seq = effect.after->purged_seq;
        book_.put(room, *effect.after);
        if (room < chat::kFirstRandomRoomId) book_.raise_next_room_id(room + 1);
        if (purged_seq > purged_before) removals_.push_back({.room = room, .through_seq = purged_seq});
    }
}

/// Before anybody is answered: who hears `unknown` reads at once what is there.
void Committer::note_surprise(chat::RoomId room) {
    const auto& surprises = job_of(room).surprises;
    const auto surprise = surprises.find(room);
    const RoomState* state = book_.find(room);
    if (surprise == surprises.end() || state == nullptr) return;
    RoomState after = *state;
    after.last_seq = std::max(after.last_seq, surprise->second.last_seq);
    after.is_stopped = surprise->second.is_stopped;
    book_.put(room, std::move(after));
}

/// Its time is up. What was not begun is dropped; what may be there stays a concern of the writers.
void Committer::give_up(Member& member, Lock& lock) {
    if (std::ranges::none_of(member.steps, &Step::may_exist)) {
        for (Step* step : member.steps) step->state = StepState::cancelled;
        member.is_over = true;
        return answer(member, CommitOutcome::failed, lock);
    }
    // Whoever asked for a change of a room takes it for not made, and nobody reads it back.
    if (member.steps.size() == 1 && is_room_document(*member.steps.front())) member.steps.front()->is_undoing = true;
    for (const Effect& effect : member.effects) book_.add_unsettled(effect.room);
    answer(member, CommitOutcome::unknown, lock);
}

/// A batch that was given up while the driver looked for a server, and was never sent.
void Committer::drop_unsent() {
    for (const Member& member : group_) {
        if (!member.is_answered || member.is_over || std::ranges::any_of(member.steps, &Step::may_exist)) continue;
        for (Step* step : member.steps) {
            step->is_undoing = false;
            step->state = StepState::cancelled;
        }
    }
}

/// Under the lock. The writers are done with the steps, or nobody is waiting for them any more.
void Committer::end_group() {
    if (!are_jobs_over()) return;
    for (Job& job : jobs_) {
        job.steps.clear();
        job.surprises.clear();
    }
    const std::uint64_t ticket = book_.next_ticket();
    for (Removal& removal : removals_) {
        const RoomState* state = book_.find(removal.room);
        // A room that was made again meanwhile has cleared the way itself.
        if (removal.is_whole_room ? state != nullptr : (state == nullptr || state->purged_seq < removal.through_seq))
            continue;
        removal.ticket = ticket;
        writers_[removal.room % writers_.size()]->removals().add(removal);
    }
    if (!removals_.empty()) board_.changed.notify_all();
    removals_.clear();
    group_.clear();
    book_.settle_all();
}

void Committer::answer(Member& member, CommitOutcome outcome, Lock& lock) {
    member.is_answered = true;
    answer(member.pending, outcome, lock);
}

/// The batch itself stays: the writers may still be at it.
void Committer::answer(Pending& pending, CommitOutcome outcome, Lock& lock) {
    queued_bytes_ -= std::exchange(pending.bytes, 0);
    lock.unlock();
    pending.done(outcome);
    lock.lock();
}

}  // namespace globes::store::mongo
