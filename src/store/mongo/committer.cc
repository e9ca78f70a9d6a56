#include "store/mongo/committer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace globes::store::mongo {
namespace {

using chat::CommitOutcome;

// The size limit of a group: otherwise the first batch of a long queue would wait for the last.
constexpr std::size_t kGroupBytes = std::size_t{4} << 20;
constexpr std::uint64_t kAllSeqs = std::numeric_limits<std::int64_t>::max();

bool is_room_document(const Operation& operation) {
    return std::holds_alternative<PutRoomDocument>(operation.what) ||
           std::holds_alternative<DeleteRoomDocument>(operation.what);
}

/// All its rooms belong to busy writers.
bool is_blocked(const chat::StoreBatch& batch, const std::vector<bool>& busy) {
    return !batch.empty() && std::ranges::all_of(batch, [&](const chat::StoreWrite& write) {
        return busy[chat::room_of(write) % busy.size()];
    });
}

}  // namespace

Committer::Committer(CommittedCatalogue& catalogue, SharedState& shared, const Fence& fence,
                     std::vector<std::unique_ptr<RoomWriter>>& writers, const MongoStoreSettings& settings)
    : times_(settings.times),
      limits_(settings.limits),
      writer_count_(settings.writers),
      shared_(shared),
      fence_(fence),
      writers_(writers),
      catalogue_(catalogue),
      builder_(catalogue) {}

void Committer::append(chat::StoreBatch batch, chat::BatchDone done) {
    QueuedBatch pending{.batch = std::move(batch),
                        .done = std::move(done),
                        .deadline = std::chrono::steady_clock::now() + times_.batch};
    pending.bytes = chat::queued_bytes(pending.batch);
    chat::StoreBatch dropped;
    Lock lock(shared_.mutex);
    if (is_stopped_) {
        lock.unlock();
        return pending.done(CommitOutcome::failed);
    }
    if (pending.bytes > limits_.queued_bytes - queued_bytes_) {
        // It keeps its place in the queue for its answer, and nothing else.
        dropped.swap(pending.batch);
        pending.bytes = 0;
        pending.is_refused = true;
    }
    queued_bytes_ += pending.bytes;
    queue_.push_back(std::move(pending));
    shared_.changed.notify_all();
}

void Committer::stop() {
    const Lock lock(shared_.mutex);
    is_stopped_ = true;
    shared_.changed.notify_all();
}

void Committer::work() {
    Lock lock(shared_.mutex);
    while (true) {
        // Start over after each release of the lock: a change in between notified nobody.
        if (finish_completed(lock)) continue;
        if (is_all_answered()) {
            if (queue_.empty() && is_stopped_) break;
            std::vector<bool> busy = busy_writers();
            const auto can_begin = [&](const QueuedBatch& pending) { return !is_blocked(pending.batch, busy); };
            if (std::ranges::any_of(queue_, can_begin)) {
                begin_group(std::move(busy), lock);
                continue;
            }
        }
        wait(lock);
    }
    shared_.is_stopped = true;
    shared_.changed.notify_all();
}

bool Committer::is_all_answered() const { return groups_.empty() || groups_.back().is_answered(); }

std::vector<bool> Committer::busy_writers() const {
    std::vector<bool> busy(writer_count_, false);
    for (const CommitGroup& group : groups_)
        for (std::size_t i = 0; i < writer_count_; ++i) busy[i] = busy[i] || group.occupies(i);
    return busy;
}

void Committer::begin_group(std::vector<bool> busy, Lock& lock) {
    CommitGroup& group = groups_.emplace_back(writer_count_);
    take_batches(group, busy);
    lock.unlock();
    plan(group, busy);
    lock.lock();
    for (std::size_t i = 0; i < writer_count_; ++i)
        if (!group.jobs[i].is_over) writers_[i]->start(group.jobs[i]);
    shared_.changed.notify_all();
}

/// A blocked batch keeps its place in the queue. Of any other batch, the rooms of busy writers are refused.
void Committer::take_batches(CommitGroup& group, const std::vector<bool>& busy) {
    std::size_t bytes = 0;
    for (auto next = queue_.begin(); next != queue_.end();) {
        if (is_blocked(next->batch, busy)) {
            ++next;
            continue;
        }
        if (!group.members.empty() && bytes + next->bytes > kGroupBytes) return;
        bytes += next->bytes;
        group.members.push_back({.pending = std::move(*next)});
        next = queue_.erase(next);
    }
}

void Committer::plan(CommitGroup& group, const std::vector<bool>& busy) {
    builder_.begin_group();
    const bool may_write = !fence_.is_closed();
    const auto is_free = [&](chat::RoomId room) { return may_write && !busy[room % busy.size()]; };
    for (std::size_t number = 0; number < group.members.size(); ++number) {
        const QueuedBatch& pending = group.members[number].pending;
        if (!pending.is_refused) group.add(number, builder_.plan(pending.batch, number, is_free));
    }
    group.link_operations();
}

/// Returns true if a batch was answered.
bool Committer::finish_completed(Lock& lock) {
    bool has_answered = false;
    for (auto group = groups_.begin(); group != groups_.end();) {
        group->drop_unsent();
        bool may_answer = true;
        for (GroupMember& member : group->members) {
            if (member.is_over) continue;
            const bool is_over = std::ranges::all_of(member.operations, &Operation::is_over);
            if (is_over && (may_answer || member.is_answered)) has_answered |= finish(*group, member, lock);
            may_answer &= member.is_answered;
        }
        if (group->is_over()) {
            end(*group);
            group = groups_.erase(group);
        } else {
            ++group;
        }
    }
    return has_answered;
}

/// All operations of the batch are over, and the batches before it are answered.
bool Committer::finish(CommitGroup& group, GroupMember& member, Lock& lock) {
    member.is_over = true;
    set_back(member);
    record_stored(group, member);
    show(group, CommitGroup::take_done(member));
    if (member.is_answered) return false;
    answer(member, group.outcome_of(member), lock);
    return true;
}

/// Makes completed changes visible to readers.
void Committer::show(CommitGroup& group, std::vector<RoomChange> done) {
    for (RoomChange& change : done) {
        const chat::RoomId room = change.room;
        if (!change.after) {
            catalogue_.erase(room);
            group.removals.push_back({.room = room, .through_seq = kAllSeqs, .is_whole_room = true});
            continue;
        }
        const RoomState* before = catalogue_.find(room);
        const std::uint64_t purged_before = before != nullptr ? before->purged_seq : 0;
        const std::uint64_t purged_seq = change.after->purged_seq;
        catalogue_.put(room, std::move(*change.after));
        if (room < chat::kFirstRandomRoomId) catalogue_.raise_next_room_id(room + 1);
        if (purged_seq > purged_before) group.removals.push_back({.room = room, .through_seq = purged_seq});
    }
}

/// The rollback of a room's document has raised its version.
void Committer::set_back(const GroupMember& member) {
    for (const Operation* operation : member.operations) {
        const auto* put = std::get_if<PutRoomDocument>(&operation->what);
        if (put == nullptr || put->before == nullptr || !operation->is_rolling_back) continue;
        RoomState state = *catalogue_.find(operation->room);
        state.version = put->version + 1;
        catalogue_.put(operation->room, std::move(state));
    }
}

/// For rooms with a part of the batch. Called before the answer, because the core then reads what is stored.
void Committer::record_stored(const CommitGroup& group, const GroupMember& member) {
    const auto number = static_cast<std::size_t>(&member - group.members.data());
    for (const RoomChange& change : member.changes) {
        const RoomState* state = catalogue_.find(change.room);
        if (state == nullptr) continue;
        std::uint64_t last_seq = std::max(state->last_seq, group.foreign_write(change.room));
        if (const Repeat* repeat = group.repeat(number, change.room); repeat != nullptr)
            last_seq = std::max(last_seq, repeat->stored_last);
        if (last_seq == state->last_seq) continue;
        RoomState after = *state;
        after.last_seq = last_seq;
        catalogue_.put(change.room, std::move(after));
    }
}

/// Waits for a change or the next deadline; at the deadline, answers that batch.
void Committer::wait(Lock& lock) {
    GroupMember* member = nullptr;
    if (!is_all_answered()) member = &*std::ranges::find(groups_.back().members, false, &GroupMember::is_answered);
    if (member == nullptr && queue_.empty()) return shared_.changed.wait(lock);
    const bool is_in_line =
        member == nullptr || (!queue_.empty() && queue_.front().deadline < member->pending.deadline);
    const Time deadline = is_in_line ? queue_.front().deadline : member->pending.deadline;
    if (shared_.changed.wait_until(lock, deadline) == std::cv_status::no_timeout) return;
    shared_.note_failure(fmt::format("no answer within {} ms", times_.batch.count()));
    if (!is_in_line) return abandon(groups_.back(), *member, lock);
    // No operation of it was started.
    QueuedBatch late = std::move(queue_.front());
    queue_.pop_front();
    answer(late, CommitOutcome::failed, lock);
}

/// At the deadline: cancels operations that were not started; the writers resolve the others.
void Committer::abandon(CommitGroup& group, GroupMember& member, Lock& lock) {
    // The core counts the change of a room as not made and never reads it back, so it is rolled back.
    if (member.operations.size() == 1 && is_room_document(*member.operations.front()))
        member.operations.front()->is_rolling_back = true;
    CommitGroup::cancel_unbegun(member);
    record_stored(group, member);
    show(group, CommitGroup::take_done(member));
    chat::BatchOutcome outcome = group.outcome_of(member);
    for (const RoomChange& change : member.changes) {
        if (outcome.of(change.room) != CommitOutcome::unknown) continue;
        group.in_doubt.push_back(change.room);
        catalogue_.mark_in_doubt(change.room);
    }
    answer(member, std::move(outcome), lock);
}

/// All operations are over and all batches answered.
void Committer::end(CommitGroup& group) {
    const std::uint64_t epoch = catalogue_.next_epoch();
    for (GarbageRange& removal : group.removals) {
        const RoomState* state = catalogue_.find(removal.room);
        // If the room was created again meanwhile, that has removed the old events.
        if (removal.is_whole_room ? state != nullptr : (state == nullptr || state->purged_seq < removal.through_seq))
            continue;
        removal.epoch = epoch;
        writers_[removal.room % writers_.size()]->garbage_collector().add(removal);
    }
    if (!group.removals.empty()) shared_.changed.notify_all();
    catalogue_.clear_in_doubt(group.in_doubt);
}

void Committer::answer(GroupMember& member, chat::BatchOutcome outcome, Lock& lock) {
    member.is_answered = true;
    answer(member.pending, std::move(outcome), lock);
}

/// Keeps the batch: the writers may still use it.
void Committer::answer(QueuedBatch& pending, chat::BatchOutcome outcome, Lock& lock) {
    queued_bytes_ -= std::exchange(pending.bytes, 0);
    lock.unlock();
    pending.done(std::move(outcome));
    lock.lock();
}

}  // namespace globes::store::mongo
