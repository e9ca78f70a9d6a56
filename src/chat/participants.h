// Who is in a room: its connections, and the members among them, which are those that have a name. Owned by the room,
// core thread only, no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "chat/io_port.h"
#include "chat/room_record.h"
#include "chat/tokens.h"

namespace globes::chat {

/// A connection as it enters a room.
struct Entry {
    ConnectionId connection = 0;
    unsigned io_thread = 0;
    std::string token_name = {};  ///< The token's `username`; empty without one.
    bool owner = false;           ///< Came by the owner's token.
    bool resumes = false;         ///< Speaks globes.v1: has a session, gets acks.
    // What tells that a later connection is the same person's; each may be empty.
    std::string session = {};          ///< The secret of this connection's welcome.
    std::string earlier_session = {};  ///< The secret of an earlier one, which it came with.
    std::string token = {};
};

/// What a connection is while it has a name.
struct Membership {
    std::string name;
    std::string color = {};
    UnixMicros last_activity = 0;
    std::uint64_t arrival = 0;  ///< Order of becoming a member.
    std::uint64_t hold = 0;     ///< Which hold of the name is this member's, see `Participants::release_name`.
};

/// A connection in a room. Most only listen, without a token: those are what there is least of.
struct Participant {
    /// What a token or a session says about it.
    struct Proof {
        std::string token_name;
        Credential session;
        Credential earlier_session;
        Credential token;

        /// Whether both prove to be the same person's: who loses a connection before its welcome knows no newer secret
        /// to come back with than the earlier one.
        bool is_same(const Proof& earlier) const;
    };

    ConnectionId connection = 0;
    unsigned io_thread = 0;
    bool owner = false;
    bool resumes = false;
    std::unique_ptr<const Proof> proof = {};      ///< Null where it came with neither.
    std::unique_ptr<Membership> membership = {};  ///< Null where it is no member.

    bool is_member() const { return membership != nullptr; }
    std::string_view token_name() const { return proof == nullptr ? std::string_view() : proof->token_name; }
};

class Participants {
public:
    /// `io_threads`: how many I/O threads there are.
    explicit Participants(std::size_t io_threads) : connections_on_(io_threads) {}

    void add(Entry entry);
    /// Returns what is removed; absent if that connection is not in the room. A member has to give up its name then.
    std::optional<Participant> remove(ConnectionId connection);
    /// Null where that connection is not in the room (any more). Valid until it is removed.
    Participant* find(ConnectionId connection);
    std::vector<ConnectionId> connections() const;

    /// The member who is the same person: whose session `entry` came with, or whose welcome was lost after it had come
    /// with that session too, or who came with the same token. Null where there is none.
    Participant* find_same(const Entry& entry);
    /// `to` becomes the member that `from` is, without a leave or a join; `from` is no member any more.
    void transfer_membership(Participant& from, Participant& to);

    /// Makes `person` a member called `name`. A name is taken by one holder at a time, without regard to case; one that
    /// was given up and is not released yet can be taken by the same person alone.
    /// Error: duplicate_username, field name.
    Result<void> take_name(Participant& participant, std::string_view name);
    /// `person` is no member any more, but its name stays taken until its leave has been broadcast: `release_name` with
    /// the hold that is returned here.
    std::uint64_t give_up_name(Participant& participant);
    void release_name(std::string_view name, std::uint64_t hold);

    std::size_t online() const { return members_.size(); }
    /// The first `limit` members in order of arrival; takes time for those alone.
    std::vector<RoomUser> users(std::size_t limit) const;
    /// The I/O threads that have connections in the room.
    const IoThreadSet& io_threads() const { return io_threads_; }

private:
    void add_credential(const Credential& credential, ConnectionId connection);
    void remove_credential(const Credential& credential, ConnectionId connection);

    struct Leaver {
        ConnectionId connection;
        std::optional<Participant::Proof> proof;
    };
    struct Holder {
        std::uint64_t hold;
        std::optional<Leaver> left;  // who gave the name up, until its leave has been broadcast
    };

    std::unordered_map<ConnectionId, Participant> participants_;
    std::map<std::uint64_t, const Participant*> members_;  // by arrival
    std::unordered_map<std::string, Holder> holders_;      // by folded name
    std::unordered_multimap<Credential, ConnectionId, Credential::Hash> credentials_;
    std::vector<std::uint32_t> connections_on_;  // by I/O thread
    IoThreadSet io_threads_;                     // that have any
    std::uint64_t arrivals_ = 0;
};

}  // namespace globes::chat
