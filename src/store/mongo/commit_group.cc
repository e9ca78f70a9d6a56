#include "store/mongo/commit_group.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/keyed_hash.h"
#include "base/logging.h"

namespace globes::store::mongo {
namespace {

using chat::CommitOutcome;

/// A summary of the operations of a batch in one room.
struct Part {
    bool is_done = true;     // All are done.
    bool is_absent = true;   // Nothing is stored, or will be.
    bool may_exist = false;  // At least one is stored, or may be.
};

std::unordered_map<chat::RoomId, Part, KeyedHash> parts_of(const GroupMember& member) {
    std::unordered_map<chat::RoomId, Part, KeyedHash> parts;
    for (const Operation* operation : member.operations) {
        Part& part = parts[operation->room];
        part.is_done &= operation->state == OperationState::done;
        part.is_absent &= operation->is_absent();
        part.may_exist |= operation->may_exist();
    }
    return parts;
}

}  // namespace

void SharedState::note_failure(std::string_view cause) {
    if (!is_failing_) spdlog::error("event=store_failed cause={}", log_value(cause));
    is_failing_ = true;
}

void SharedState::note_success() {
    if (is_failing_) spdlog::info("event=store_recovered");
    is_failing_ = false;
}

void CommitGroup::add(std::size_t number, std::optional<BatchOperations> plan) {
    assert(number < members.size());
    GroupMember& member = members[number];
    assert(member.operations.empty());  // not linked yet
    member.is_valid = plan.has_value();
    if (!plan) return;
    member.changes = std::move(plan->changes);
    member.refused = std::move(plan->refused);
    for (Operation& operation : plan->operations)
        jobs[operation.room % jobs.size()].operations.push_back(std::move(operation));
}

void CommitGroup::link_operations() {
    for (Job& job : jobs) {
        job.is_over = job.operations.empty();
        for (Operation& operation : job.operations) members[operation.batch].operations.push_back(&operation);
    }
}

chat::BatchOutcome CommitGroup::outcome_of(const GroupMember& member) const {
    if (!member.is_valid) return CommitOutcome::failed;
    const auto is_done = [](const Operation* operation) { return operation->state == OperationState::done; };
    if (member.refused.empty() && std::ranges::all_of(member.operations, is_done)) return CommitOutcome::committed;
    std::vector<chat::BatchOutcome::Part> outcomes;
    outcomes.reserve(member.refused.size());
    for (const chat::RoomId room : member.refused) outcomes.push_back({room, CommitOutcome::failed});
    const auto number = static_cast<std::size_t>(&member - members.data());
    assert(number < members.size());
    for (const auto& [room, part] : parts_of(member)) {
        if (const Repeat* known = repeat(number, room); known != nullptr) {
            outcomes.push_back({room, CommitOutcome::failed, known->seq});
            continue;
        }
        // The core must read the events of the other process before the room continues.
        const bool is_absent = part.is_absent && foreign_write(room) == 0;
        outcomes.push_back({room, part.is_done ? CommitOutcome::committed
                                  : is_absent  ? CommitOutcome::failed
                                               : CommitOutcome::unknown});
    }
    return chat::BatchOutcome(std::move(outcomes));
}

std::vector<RoomChange> CommitGroup::take_done(GroupMember& member) {
    std::vector<RoomChange> done;
    const auto parts = parts_of(member);
    std::erase_if(member.changes, [&](RoomChange& change) {
        if (!parts.at(change.room).is_done) return false;
        done.push_back(std::move(change));
        return true;
    });
    return done;
}

void CommitGroup::cancel_unbegun(GroupMember& member) {
    const auto parts = parts_of(member);
    for (Operation* operation : member.operations) {
        if (operation->is_over() || parts.at(operation->room).may_exist) continue;
        operation->is_rolling_back = false;
        operation->state = OperationState::cancelled;
    }
}

void CommitGroup::drop_unsent() {
    for (GroupMember& member : members)
        if (member.is_answered && !member.is_over) cancel_unbegun(member);
}

std::uint64_t CommitGroup::foreign_write(chat::RoomId room) const {
    const auto& foreign_writes = jobs[room % jobs.size()].foreign_writes;
    const auto found = foreign_writes.find(room);
    return found == foreign_writes.end() ? 0 : found->second;
}

const Repeat* CommitGroup::repeat(std::size_t number, chat::RoomId room) const {
    const auto [begin, end] = jobs[room % jobs.size()].repeats.equal_range(room);
    const auto found = std::find_if(begin, end, [number](const auto& one) { return one.second.batch == number; });
    return found == end ? nullptr : &found->second;
}

bool CommitGroup::is_answered() const { return std::ranges::all_of(members, &GroupMember::is_answered); }

bool CommitGroup::is_over() const {
    return std::ranges::all_of(jobs, &Job::is_over) && std::ranges::all_of(members, &GroupMember::is_over);
}

bool CommitGroup::occupies(std::size_t writer) const {
    return !std::ranges::all_of(jobs[writer].operations, &Operation::is_over);
}

}  // namespace globes::store::mongo
