#include "chat/participants.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <ranges>
#include <utility>

namespace globes::chat {
namespace {

constexpr Error kLooksTaken{.code = ErrorCode::duplicate_username,
                            .field = "name",
                            .reason = "That name looks like the name of somebody who is here."};

}  // namespace

bool Participant::Credentials::is_same_client(const Credentials& earlier) const {
    const bool has_session =
        !earlier_session.empty() && (earlier_session == earlier.session || earlier_session == earlier.earlier_session);
    return has_session || (!token.empty() && token == earlier.token);
}

Participant::Credentials Participant::Credentials::of(const Entry& entry) {
    return {.token_name = entry.token_name,
            .session = Credential::of(entry.session),
            .earlier_session = Credential::of(entry.earlier_session),
            .token = Credential::of(entry.token)};
}

void Participants::add(const Entry& entry) {
    assert(!participants_.contains(entry.connection));
    Participant participant{
        .connection = entry.connection, .io_thread = entry.io_thread, .owner = entry.owner, .resumes = entry.resumes};
    if (!entry.token_name.empty() || !entry.session.empty() || !entry.token.empty())
        participant.credentials = std::make_unique<const Participant::Credentials>(Participant::Credentials::of(entry));
    ++connections_on_[entry.io_thread];
    io_threads_.set(entry.io_thread);
    participants_.emplace(entry.connection, std::move(participant));
}

std::optional<Participant> Participants::remove(ConnectionId connection) {
    const auto found = participants_.find(connection);
    if (found == participants_.end()) return std::nullopt;
    Participant participant = std::move(found->second);
    assert(connections_on_[participant.io_thread] > 0);
    if (--connections_on_[participant.io_thread] == 0) io_threads_.reset(participant.io_thread);
    if (participant.is_member()) forget_credentials(participant);
    participants_.erase(found);
    return participant;
}

void Participants::end_owner_tokens() {
    for (auto& [connection, participant] : participants_) {
        if (!std::exchange(participant.owner, false) || participant.credentials == nullptr) continue;
        Participant::Credentials kept = *participant.credentials;
        if (participant.is_member() && !kept.token.empty())
            by_credential_.erase({CredentialKind::token, kept.token, participant.membership->arrival});
        kept.token = {};
        participant.credentials = std::make_unique<const Participant::Credentials>(std::move(kept));
    }
    for (auto& [hold, held] : held_names_)
        if (held.former && held.former->is_owner && held.former->credentials) held.former->credentials->token = {};
}

/// Makes it the result of `find_member_of_same_client` for its sessions and its token.
void Participants::make_findable(Participant& participant, Arrival arrival) {
    if (participant.credentials == nullptr) return;
    const auto& [token_name, session, earlier_session, token] = *participant.credentials;
    const auto add = [&](CredentialKind kind, const Credential& credential) {
        if (!credential.empty()) by_credential_.insert_or_assign({kind, credential, arrival}, &participant);
    };
    add(CredentialKind::session, session);
    add(CredentialKind::session, earlier_session);
    add(CredentialKind::token, token);
}

void Participants::forget_credentials(const Participant& member) {
    if (member.credentials == nullptr) return;
    const auto& [token_name, session, earlier_session, token] = *member.credentials;
    for (const Credential& credential : {session, earlier_session})
        by_credential_.erase({CredentialKind::session, credential, member.membership->arrival});
    by_credential_.erase({CredentialKind::token, token, member.membership->arrival});
}

Participant* Participants::find_member_of_same_client(const Entry& entry, std::string_view bound_name) {
    if (!bound_name.empty()) {
        const auto held = by_folded_.find(LookAlikeKeys::of(bound_name).folded);
        if (held == by_folded_.end() || held_names_.at(held->second).former) return nullptr;
        Participant* const member = members_.at(held->second);
        const bool is_same = member->membership->name == bound_name && member->credentials != nullptr &&
                             Participant::Credentials::of(entry).is_same_client(*member->credentials);
        return is_same ? member : nullptr;
    }
    const auto find_by = [&](CredentialKind kind, const std::string& secret) -> Participant* {
        if (secret.empty()) return nullptr;
        const Credential credential = Credential::of(secret);
        const auto after = by_credential_.upper_bound({kind, credential, arrivals_});
        if (after == by_credential_.begin()) return nullptr;
        const auto& [key, newest] = *std::prev(after);
        return key.kind == kind && key.credential == credential ? newest : nullptr;
    };
    Participant* const member = find_by(CredentialKind::session, entry.earlier_session);
    return member != nullptr ? member : find_by(CredentialKind::token, entry.token);
}

void Participants::transfer_membership(Participant& from, Participant& to) {
    assert(from.is_member() && !to.is_member());
    const Arrival arrival = from.membership->arrival;
    assert(members_.at(arrival) == &from);
    forget_credentials(from);
    make_findable(to, arrival);
    members_.at(arrival) = &to;
    to.membership = std::move(from.membership);
}

Participant* Participants::find(ConnectionId connection) {
    const auto found = participants_.find(connection);
    return found == participants_.end() ? nullptr : &found->second;
}

const Participant* Participants::find(ConnectionId connection) const {
    const auto found = participants_.find(connection);
    return found == participants_.end() ? nullptr : &found->second;
}

std::vector<ConnectionId> Participants::connections() const {
    std::vector<ConnectionId> all;
    all.reserve(participants_.size());
    for (const auto& [connection, participant] : participants_) all.push_back(connection);
    return all;
}

bool Participants::is_free(const Participant& participant, const HoldsByKey& holds, const std::string& key) const {
    const auto found = holds.find(key);
    if (found == holds.end()) return true;
    // The client that gave up the name may take it again before its leave is in the room log, also on another
    // connection: its next events are appended after the leave.
    const auto& former = held_names_.at(found->second).former;
    return former && (former->connection == participant.connection ||
                      (former->credentials && participant.credentials &&
                       participant.credentials->is_same_client(*former->credentials)));
}

Result<void> Participants::check_free(const Participant& participant, const WantedName& name) const {
    if (!is_free(participant, by_folded_, name.keys.folded))
        return std::unexpected(Error{ErrorCode::duplicate_username, "name"});
    if (!is_free(participant, by_skeleton_, name.keys.skeleton)) return std::unexpected(kLooksTaken);
    return {};
}

Result<void> Participants::take_name(Participant& participant, const WantedName& name) {
    assert(!participant.is_member());
    if (const auto checked = check_free(participant, name); !checked) return checked;
    const Hold hold = ++arrivals_;
    held_names_.emplace(hold, HeldName{.keys = name.keys, .former = std::nullopt});
    by_folded_.insert_or_assign(name.keys.folded, hold);
    by_skeleton_.insert_or_assign(name.keys.skeleton, hold);
    participant.membership = std::make_unique<Membership>(Membership{.name = name.text, .arrival = hold, .hold = hold});
    members_.emplace(hold, &participant);
    make_findable(participant, hold);
    return {};
}

void Participants::await_proof(Participant& member) {
    assert(!member.membership->is_unproven);
    member.membership->is_unproven = true;
    ++unproven_;
}

bool Participants::list_member(std::uint64_t arrival) {
    const auto found = members_.find(arrival);
    if (found == members_.end() || !std::exchange(found->second->membership->is_unproven, false)) return false;
    --unproven_;
    return true;
}

bool Participants::withdraw_name(std::uint64_t arrival) {
    const auto found = members_.find(arrival);
    if (found == members_.end() || !found->second->membership->is_unproven) return false;
    Participant& member = *found->second;
    release_name(give_up_name(member));
    return true;
}

std::uint64_t Participants::give_up_name(Participant& participant) {
    assert(participant.is_member());
    forget_credentials(participant);
    const auto membership = std::exchange(participant.membership, nullptr);
    FormerHolder former{.connection = participant.connection, .is_owner = participant.owner, .credentials = {}};
    if (participant.credentials != nullptr) former.credentials = *participant.credentials;
    HeldName& held = held_names_.at(membership->hold);
    assert(!held.former);
    held.former = std::move(former);
    members_.erase(membership->arrival);
    if (membership->is_unproven) --unproven_;
    return membership->hold;
}

void Participants::release_name(std::uint64_t hold) {
    const auto held = held_names_.find(hold);
    if (held == held_names_.end()) return;
    assert(held->second.former);
    const auto free_key = [hold](HoldsByKey& holds, const std::string& key) {
        const auto found = holds.find(key);
        if (found != holds.end() && found->second == hold) holds.erase(found);
    };
    free_key(by_folded_, held->second.keys.folded);
    free_key(by_skeleton_, held->second.keys.skeleton);
    held_names_.erase(held);
}

std::vector<RoomUser> Participants::users(std::size_t limit) const {
    std::vector<RoomUser> users;
    users.reserve(std::min(members_.size(), limit));
    for (const auto& [arrival, participant] : members_) {
        if (users.size() == limit) break;
        const Membership& member = *participant->membership;
        if (member.is_unproven) continue;
        users.push_back({.username = member.name, .color = member.color, .last_activity = member.last_activity});
    }
    return users;
}

}  // namespace globes::chat
