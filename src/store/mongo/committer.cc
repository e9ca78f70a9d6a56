#include "store/mongo/committer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
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

/// Whether all rooms of the batch belong to busy writers.
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
    MutexLock lock(shared_.mutex);
    if (is_stopped_) {
        lock.unlock();
        return pending.done(CommitOutcome::failed);
    }
    assert(queued_bytes_ <= limits_.queued_bytes);
    if (pending.bytes > limits_.queued_bytes - queued_bytes_) {
        // Its contents are dropped. It stays in the queue only to be answered in order.
        dropped.swap(pending.batch);
        pending.bytes = 0;
        pending.is_refused = true;
    }
    queued_bytes_ += pending.bytes;
    queue_.push_back(std::move(pending));
    shared_.changed.notify_all();
}

void Committer::stop() {
    const MutexLock lock(shared_.mutex);
    is_stopped_ = true;
    shared_.changed.notify_all();
}

void Committer::work() {
    catalogue_.bind();
    const MutexLock lock(shared_.mutex);
    while (true) {
        // After each release of the mutex, check everything again: a notification in between was not received.
        if (finish_completed()) continue;
        if (is_all_answered()) {
            if (queue_.empty() && is_stopped_) break;
            const std::vector<bool> busy = busy_writers();
            const auto can_begin = [&](const QueuedBatch& pending) { return !is_blocked(pending.batch, busy); };
            if (std::ranges::any_of(queue_, can_begin)) {
                begin_group(busy);
                continue;
            }
        }
        wait();
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

void Committer::begin_group(const std::vector<bool>& busy) {
    assert(is_all_answered());
    CommitGroup& group = groups_.emplace_back(writer_count_);
    take_batches(group, busy);
    {
        const MutexUnlock unlock(shared_.mutex);
        plan(group, busy);
    }
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
bool Committer::finish_completed() {
    bool has_answered = false;
    for (auto group = groups_.begin(); group != groups_.end();) {
        group->drop_unsent();
        bool may_answer = true;
        for (GroupMember& member : group->members) {
            if (member.is_over) continue;
            const bool is_over = std::ranges::all_of(member.operations, &Operation::is_over);
            if (is_over && (may_answer || member.is_answered)) has_answered |= finish(*group, member);
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

/// All operations of the batch are over, and the batches before it are answered. Returns true if this answered it.
bool Committer::finish(CommitGroup& group, GroupMember& member) {
    assert(!member.is_over && std::ranges::all_of(member.operations, &Operation::is_over));
    member.is_over = true;
    set_back(member);
    record_stored(group, member);
    show(group, CommitGroup::take_done(member));
    if (member.is_answered) return false;
    answer(member, group.outcome_of(member));
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

/// Takes over the version of a room's document that a rollback has raised.
void Committer::set_back(const GroupMember& member) {
    for (const Operation* operation : member.operations) {
        const auto* put = std::get_if<PutRoomDocument>(&operation->what);
        if (put == nullptr || put->before == nullptr || !operation->is_rolling_back) continue;
        const RoomState* room = catalogue_.find(operation->room);
        // Operations of a room run in order, so a later deletion of the room is not completed yet.
        assert(room != nullptr);
        RoomState state = *room;
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
void Committer::wait() {
    GroupMember* member = nullptr;
    if (!is_all_answered()) member = &*std::ranges::find(groups_.back().members, false, &GroupMember::is_answered);
    if (member == nullptr && queue_.empty()) return shared_.changed.wait(shared_.mutex);
    const bool is_in_line =
        member == nullptr || (!queue_.empty() && queue_.front().deadline < member->pending.deadline);
    const Time deadline = is_in_line ? queue_.front().deadline : member->pending.deadline;
    if (shared_.changed.wait_until(shared_.mutex, deadline)) return;
    shared_.note_failure(fmt::format("no answer within {} ms", times_.batch.count()));
    if (!is_in_line) return abandon(groups_.back(), *member);
    // No operation of it was started.
    QueuedBatch late = std::move(queue_.front());
    queue_.pop_front();
    answer(late, CommitOutcome::failed);
}

/// At the deadline: cancels operations that were not started; the writers resolve the others.
void Committer::abandon(CommitGroup& group, GroupMember& member) {
    assert(!member.is_answered);
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
    answer(member, std::move(outcome));
}

/// All operations are over and all batches answered.
void Committer::end(CommitGroup& group) {
    assert(group.is_over() && group.is_answered());
    const std::uint64_t epoch = catalogue_.next_epoch();
    for (GarbageRange& removal : group.removals) {
        const RoomState* state = catalogue_.find(removal.room);
        // If the room was created again meanwhile, its creation has removed the old events.
        if (removal.is_whole_room ? state != nullptr : (state == nullptr || state->purged_seq < removal.through_seq))
            continue;
        removal.epoch = epoch;
        writers_[removal.room % writers_.size()]->collect(removal);
    }
    if (!group.removals.empty()) shared_.changed.notify_all();
    catalogue_.clear_in_doubt(group.in_doubt);
}

void Committer::answer(GroupMember& member, chat::BatchOutcome outcome) {
    assert(!member.is_answered);
    member.is_answered = true;
    answer(member.pending, std::move(outcome));
}

/// Keeps the batch: the writers may still use it.
void Committer::answer(QueuedBatch& pending, chat::BatchOutcome outcome) {
    assert(pending.bytes <= queued_bytes_);
    queued_bytes_ -= std::exchange(pending.bytes, 0);
    const MutexUnlock unlock(shared_.mutex);
    pending.done(std::move(outcome));
}

}  // namespace globes::store::mongo
