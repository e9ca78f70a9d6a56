#include "chat/people.h"

#include <utility>

#include "base/unicode.h"

namespace globes::chat {

bool Person::Proof::is_same(const Proof& earlier) const {
    const auto knows = [&](const Credential& credential) {
        return !credential.empty() &&
               (credential == earlier.session || credential == earlier.earlier_session || credential == earlier.token);
    };
    return knows(earlier_session) || knows(token);
}

void People::add(Entry entry) {
    Person person{.connection = entry.connection, .lane = entry.lane, .owner = entry.owner, .resumes = entry.resumes};
    if (!entry.token_name.empty() || !entry.session.empty() || !entry.token.empty()) {
        const Person::Proof proof{.token_name = std::move(entry.token_name),
                                  .session = Credential::of(entry.session),
                                  .earlier_session = Credential::of(entry.earlier_session),
                                  .token = Credential::of(entry.token)};
        for (const Credential& credential : {proof.session, proof.earlier_session, proof.token})
            add_credential(credential, entry.connection);
        person.proof = std::make_unique<const Person::Proof>(proof);
    }
    ++on_lane_[entry.lane];
    people_.emplace(entry.connection, std::move(person));
}

void People::remove(ConnectionId connection) {
    const auto found = people_.find(connection);
    if (found == people_.end()) return;
    const Person& person = found->second;
    --on_lane_[person.lane];
    if (person.proof != nullptr) {
        for (const Credential& credential : {person.proof->session, person.proof->earlier_session, person.proof->token})
            remove_credential(credential, connection);
    }
    people_.erase(found);
}

void People::add_credential(const Credential& credential, ConnectionId connection) {
    if (!credential.empty()) credentials_.emplace(credential, connection);
}

void People::remove_credential(const Credential& credential, ConnectionId connection) {
    auto [at, end] = credentials_.equal_range(credential);
    while (at != end && at->second != connection) ++at;
    if (at != end) credentials_.erase(at);
}

Person* People::find_same(const Entry& entry) {
    for (const std::string* secret : {&entry.earlier_session, &entry.token}) {
        if (secret->empty()) continue;
        const auto [begin, end] = credentials_.equal_range(Credential::of(*secret));
        for (auto at = begin; at != end; ++at) {
            Person& person = people_.at(at->second);
            if (person.is_member()) return &person;
        }
    }
    return nullptr;
}

void People::hand_over(Person& from, Person& to) {
    members_.at(from.membership->arrival) = &to;
    to.membership = std::move(from.membership);
}

Person* People::find(ConnectionId connection) {
    const auto found = people_.find(connection);
    return found == people_.end() ? nullptr : &found->second;
}

std::vector<ConnectionId> People::connections() const {
    std::vector<ConnectionId> all;
    all.reserve(people_.size());
    for (const auto& [connection, person] : people_) all.push_back(connection);
    return all;
}

Result<void> People::take_name(Person& person, std::string_view name) {
    const std::uint64_t hold = ++arrivals_;
    const auto [found, is_free] = holders_.try_emplace(fold_case(name), hold, std::nullopt);
    if (!is_free) {
        // Whoever gave a name up takes it back before its leave is out, also on another connection: what they do next
        // is broadcast behind the leave.
        Holder& holder = found->second;
        const auto& left = holder.left;
        const bool was_theirs = left && (left->connection == person.connection ||
                                         (left->proof && person.proof && person.proof->is_same(*left->proof)));
        if (!was_theirs) return std::unexpected(Error{ErrorCode::duplicate_username, "name"});
        holder = {.hold = hold, .left = std::nullopt};
    }
    person.membership =
        std::make_unique<Membership>(Membership{.name = std::string(name), .arrival = hold, .hold = hold});
    members_.emplace(hold, &person);
    return {};
}

std::uint64_t People::give_up_name(Person& person) {
    const auto membership = std::exchange(person.membership, nullptr);
    Leaver leaver{.connection = person.connection, .proof = {}};
    if (person.proof != nullptr) leaver.proof = *person.proof;
    holders_.at(fold_case(membership->name)).left = std::move(leaver);
    members_.erase(membership->arrival);
    return membership->hold;
}

void People::release_name(std::string_view name, std::uint64_t hold) {
    const auto found = holders_.find(fold_case(name));
    if (found != holders_.end() && found->second.hold == hold) holders_.erase(found);
}

std::vector<RoomUser> People::users() const {
    std::vector<RoomUser> users;
    users.reserve(members_.size());
    for (const auto& [arrival, person] : members_) {
        const Membership& member = *person->membership;
        users.push_back({.username = member.name, .color = member.color, .last_activity = member.last_activity});
    }
    return users;
}

}  // namespace globes::chat
