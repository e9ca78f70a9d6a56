#include "store/mongo/group.h"

#include <algorithm>
#include <utility>

namespace globes::store::mongo {
namespace {

using chat::CommitOutcome;

/// What is known of one room's steps of a batch.
struct Part {
    bool is_done = true;     // all of them
    bool is_absent = true;   // none of them, and none comes
    bool may_exist = false;  // at least one
};

std::unordered_map<chat::RoomId, Part> parts_of(const Member& member) {
    std::unordered_map<chat::RoomId, Part> parts;
    for (const Step* step : member.steps) {
        Part& part = parts[step->room];
        part.is_done &= step->state == StepState::done;
        part.is_absent &= step->is_absent();
        part.may_exist |= step->may_exist();
    }
    return parts;
}

}  // namespace

void Group::add(std::size_t number, std::optional<BatchPlan> plan) {
    Member& member = members[number];
    member.is_valid = plan.has_value();
    if (!plan) return;
    member.effects = std::move(plan->effects);
    member.refused = std::move(plan->refused);
    for (Step& step : plan->steps) jobs[step.room % jobs.size()].steps.push_back(std::move(step));
}

void Group::link_steps() {
    for (Job& job : jobs) {
        job.is_over = job.steps.empty();
        for (Step& step : job.steps) members[step.batch].steps.push_back(&step);
    }
}

chat::BatchOutcome Group::outcome_of(const Member& member) const {
    if (!member.is_valid) return CommitOutcome::failed;
    const auto is_done = [](const Step* step) { return step->state == StepState::done; };
    if (member.refused.empty() && std::ranges::all_of(member.steps, is_done)) return CommitOutcome::committed;
    std::vector<chat::BatchOutcome::Part> outcomes;
    for (const chat::RoomId room : member.refused) outcomes.push_back({room, CommitOutcome::failed});
    const auto number = static_cast<std::size_t>(&member - members.data());
    for (const auto& [room, part] : parts_of(member)) {
        if (const Repeat* known = repeat(number, room); known != nullptr) {
            outcomes.push_back({room, CommitOutcome::failed, known->seq});
            continue;
        }
        // What another process has left behind has to be read before the room goes on.
        const bool is_absent = part.is_absent && surprise(room) == 0;
        outcomes.push_back({room, part.is_done ? CommitOutcome::committed
                                  : is_absent  ? CommitOutcome::failed
                                               : CommitOutcome::unknown});
    }
    return chat::BatchOutcome(std::move(outcomes));
}

std::vector<Effect> Group::take_done(Member& member) {
    std::vector<Effect> done;
    const auto parts = parts_of(member);
    std::erase_if(member.effects, [&](Effect& effect) {
        if (!parts.at(effect.room).is_done) return false;
        done.push_back(std::move(effect));
        return true;
    });
    return done;
}

void Group::cancel_unbegun(Member& member) {
    const auto parts = parts_of(member);
    for (Step* step : member.steps) {
        if (step->is_over() || parts.at(step->room).may_exist) continue;
        step->is_undoing = false;
        step->state = StepState::cancelled;
    }
}

void Group::drop_unsent() {
    for (Member& member : members)
        if (member.is_answered && !member.is_over) cancel_unbegun(member);
}

std::uint64_t Group::surprise(chat::RoomId room) const {
    const auto& surprises = jobs[room % jobs.size()].surprises;
    const auto found = surprises.find(room);
    return found == surprises.end() ? 0 : found->second;
}

const Repeat* Group::repeat(std::size_t number, chat::RoomId room) const {
    const auto [begin, end] = jobs[room % jobs.size()].repeats.equal_range(room);
    const auto found = std::find_if(begin, end, [number](const auto& one) { return one.second.batch == number; });
    return found == end ? nullptr : &found->second;
}

bool Group::is_answered() const { return std::ranges::all_of(members, &Member::is_answered); }

bool Group::is_over() const {
    return std::ranges::all_of(jobs, &Job::is_over) && std::ranges::all_of(members, &Member::is_over);
}

bool Group::keeps_busy(std::size_t writer) const { return !std::ranges::all_of(jobs[writer].steps, &Step::is_over); }

}  // namespace globes::store::mongo
