#include "chat/people.h"

#include <utility>

#include "base/unicode.h"

namespace globes::chat {
namespace {

/// Whether whoever comes with `entry` proves to be the one who came with `earlier`.
bool is_same(const Entry& entry, const Entry& earlier) {
    const auto knows = [&](const std::string& credential) {
        return !credential.empty() &&
               (credential == earlier.session || credential == earlier.earlier_session || credential == earlier.token);
    };
    return knows(entry.earlier_session) || knows(entry.token);
}

}  // namespace

void People::add(Entry entry) {
    ++on_lane_[entry.lane];
    const ConnectionId connection = entry.connection;
    add_credential(entry.session, connection);
    // Who loses the connection before its welcome knows no newer secret to come back with.
    add_credential(entry.earlier_session, connection);
    add_credential(entry.token, connection);
    people_.emplace(connection, Person{.entry = std::move(entry)});
}

void People::remove(ConnectionId connection) {
    const auto found = people_.find(connection);
    if (found == people_.end()) return;
    const Entry& entry = found->second.entry;
    --on_lane_[entry.lane];
    remove_credential(entry.session, connection);
    remove_credential(entry.earlier_session, connection);
    remove_credential(entry.token, connection);
    people_.erase(found);
}

void People::add_credential(const std::string& credential, ConnectionId connection) {
    if (!credential.empty()) credentials_.emplace(credential, connection);
}

void People::remove_credential(const std::string& credential, ConnectionId connection) {
    auto [at, end] = credentials_.equal_range(credential);
    while (at != end && at->second != connection) ++at;
    if (at != end) credentials_.erase(at);
}

Person* People::find_same(const Entry& entry) {
    for (const std::string* credential : {&entry.earlier_session, &entry.token}) {
        if (credential->empty()) continue;
        const auto [begin, end] = credentials_.equal_range(*credential);
        for (auto at = begin; at != end; ++at) {
            Person& person = people_.at(at->second);
            if (person.is_member) return &person;
        }
    }
    return nullptr;
}

void People::hand_over(Person& from, Person& to) {
    members_.at(from.arrival) = &to;
    to.is_member = std::exchange(from.is_member, false);
    to.name = std::exchange(from.name, {});
    to.color = std::exchange(from.color, {});
    to.last_activity = from.last_activity;
    to.arrival = from.arrival;
    to.hold = from.hold;
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
        const bool was_theirs =
            holder.left && (holder.left->connection == person.entry.connection || is_same(person.entry, *holder.left));
        if (!was_theirs) return std::unexpected(Error{ErrorCode::duplicate_username, "name"});
        holder = {.hold = hold, .left = std::nullopt};
    }
    person.is_member = true;
    person.name = name;
    person.arrival = hold;
    person.hold = hold;
    members_.emplace(person.arrival, &person);
    return {};
}

std::uint64_t People::give_up_name(Person& person) {
    holders_.at(fold_case(person.name)).left = person.entry;
    members_.erase(person.arrival);
    person.is_member = false;
    person.name.clear();
    person.color.clear();
    return person.hold;
}

void People::release_name(std::string_view name, std::uint64_t hold) {
    const auto found = holders_.find(fold_case(name));
    if (found != holders_.end() && found->second.hold == hold) holders_.erase(found);
}

std::vector<RoomUser> People::users() const {
    std::vector<RoomUser> users;
    users.reserve(members_.size());
    for (const auto& [arrival, person] : members_)
        users.push_back({.username = person->name, .color = person->color, .last_activity = person->last_activity});
    return users;
}

}  // namespace globes::chat
