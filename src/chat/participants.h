// The participants of a room, and the members among them: the participants with a name. No I/O. Owned by the room.
// Thread: the core thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/keyed_hash.h"
#include "base/look_alike.h"
#include "chat/io_port.h"
#include "chat/room_record.h"
#include "chat/tokens.h"

namespace globes::chat {

/// A connection that enters a room.
struct Entry {
    ConnectionId connection = 0;
    unsigned io_thread = 0;
    std::string token_name = {};  ///< The `username` of its token; empty if it has no token.
    bool owner = false;           ///< Its token is the owner's.
    bool resumes = false;         ///< Speaks globes.v1: has a session and gets acks.
    // Secrets by which a later connection of the same client is recognized; each may be empty.
    std::string session = {};          ///< Sent to the client in the welcome of this connection.
    std::string earlier_session = {};  ///< From the welcome of an earlier connection, sent by the client.
    std::string token = {};            ///< The token of this connection.
};

/// A name that a participant wants, with its keys, which take some microseconds to make for names that are not ASCII.
struct WantedName {
    std::string text;
    LookAlikeKeys keys;

    explicit WantedName(std::string name) : text(std::move(name)), keys(LookAlikeKeys::of(text)) {}
};

/// The state of a member.
struct Membership {
    std::string name;
    std::string color = {};
    UnixMicros last_activity = 0;
    std::uint64_t arrival = 0;  ///< Ascending in the order of becoming a member.
    std::uint64_t hold = 0;     ///< The number of this use of the name; see `Participants::release_name`.
    /// It was begun by a send with an id that may have been sent before, and no event of it is in the log. The member
    /// is not listed and not counted: if all its sends are repeats, it never was one.
    bool is_unproven = false;
};

/// A connection in a room. Most connections only listen and have no token, so the other state is allocated on demand.
struct Participant {
    /// The name in its token, and the credentials by which its client is recognized.
    struct Credentials {
        std::string token_name;
        Credential session;
        Credential earlier_session;
        Credential token;

        /// Whether this connection has a secret of the `earlier` one, so that both are connections of one client. That
        /// may be the session with which the earlier one resumed: a client that loses a connection before its welcome
        /// arrives resumes with the same session again.
        bool is_same_client(const Credentials& earlier) const;
        static Credentials of(const Entry& entry);
    };

    ConnectionId connection = 0;
    unsigned io_thread = 0;
    bool owner = false;
    bool resumes = false;
    std::unique_ptr<const Credentials> credentials = {};  ///< Null if it has no token and no session.
    std::unique_ptr<Membership> membership = {};          ///< Null if it is not a member.

    bool is_member() const { return membership != nullptr; }
    std::string_view token_name() const {
        return credentials == nullptr ? std::string_view() : credentials->token_name;
    }
};

class Participants {
public:
    /// `io_threads`: the number of I/O threads.
    explicit Participants(std::size_t io_threads) : connections_on_(io_threads) {}

    /// Adds a connection that is not in the room yet.
    void add(const Entry& entry);
    /// Removes a connection and returns it, or nothing if it is not in the room. If it is a member, the caller MUST
    /// pass it to `give_up_name` before it calls `users`.
    std::optional<Participant> remove(ConnectionId connection);
    /// Returns null if the connection is not in the room. Valid until the connection is removed.
    Participant* find(ConnectionId connection);
    const Participant* find(ConnectionId connection) const;
    std::vector<ConnectionId> connections() const;
    /// The owners' tokens of the room have ended: no connection counts as an owner's any more, and none is recognized
    /// by such a token.
    void end_owner_tokens();

    /// Returns the member on another connection of the same client: one whose session is `entry.earlier_session`, one
    /// that has entered with this session itself, or one with the same token; of several, the newest member. Returns
    /// null if no member matches. The session need not be that of a connection to this process: a client keeps the one
    /// of its first connection.
    /// `bound_name`: the only name that the client may have; empty if it may have any.
    Participant* find_member_of_same_client(const Entry& entry, std::string_view bound_name = {});
    /// Moves the membership of `from` to `to`, which is not a member yet, without a leave and a join.
    void transfer_membership(Participant& from, Participant& to);

    /// Checks whether `participant`, which is not a member yet, may take `name`. No two members of a room have names
    /// that look alike (base/look_alike.h). Between `give_up_name` and `release_name`, only the same client can take
    /// such a name again. Error: duplicate_username (field name), with a reason if the two names differ by more than
    /// their case.
    Result<void> check_free(const Participant& participant, const WantedName& name) const;
    /// Makes `participant`, which is not a member yet, a member called `name`. Error: as `check_free`.
    Result<void> take_name(Participant& participant, const WantedName& name);
    /// The first send of a new member may be a repeat.
    void await_proof(Participant& member);
    /// An event of the member that has taken its name as `arrival` is in the log, or refused. Returns whether the
    /// member was unproven until now.
    bool list_member(std::uint64_t arrival);
    /// Ends the membership of the member that has taken its name as `arrival`, without a leave, if it is unproven.
    /// Returns whether it was.
    bool withdraw_name(std::uint64_t arrival);
    /// Ends the membership of `participant`, which MUST be a member. The name stays taken until its leave is in the
    /// room log; then the caller passes the returned hold to `release_name`.
    std::uint64_t give_up_name(Participant& participant);
    /// Frees the name of this hold, unless a member has taken it again since.
    void release_name(std::uint64_t hold);

    /// The number of members, without unproven ones.
    std::size_t online() const { return members_.size() - unproven_; }
    /// Returns the first `limit` of these members in order of arrival. Takes time in proportion to the result, and to
    /// the number of those that await an answer.
    std::vector<RoomUser> users(std::size_t limit) const;
    /// The I/O threads that have participants of the room.
    const IoThreadSet& io_threads() const { return io_threads_; }

private:
    using Arrival = std::uint64_t;

    /// A secret of one kind does not count as the other: a client that offers a token as a session does not have it
    /// verified.
    enum class CredentialKind : std::uint8_t { session, token };
    struct CredentialKey {
        CredentialKind kind;
        Credential credential;
        Arrival arrival;  ///< Of the member.
        friend auto operator<=>(const CredentialKey&, const CredentialKey&) = default;
    };

    void make_findable(Participant& participant, Arrival arrival);
    void forget_credentials(const Participant& member);

    struct FormerHolder {
        ConnectionId connection;
        bool is_owner;
        std::optional<Participant::Credentials> credentials;
    };
    using Hold = std::uint64_t;
    struct HeldName {
        LookAlikeKeys keys;
        std::optional<FormerHolder> former;  // set between `give_up_name` and `release_name`
    };
    using HoldsByKey = std::unordered_map<std::string, Hold, KeyedHash>;

    bool is_free(const Participant& participant, const HoldsByKey& holds, const std::string& key) const;

    std::unordered_map<ConnectionId, Participant> participants_;
    std::map<Arrival, Participant*> members_;
    // The members by the credentials of their clients. Ordered, so that any number of members with one credential costs
    // no search.
    std::map<CredentialKey, Participant*> by_credential_;
    std::unordered_map<Hold, HeldName, KeyedHash> held_names_;
    // The newest hold of each key. A client that takes its own name again before its leave is in the room log replaces
    // the earlier hold.
    HoldsByKey by_folded_;
    HoldsByKey by_skeleton_;
    std::vector<std::uint32_t> connections_on_;  // the number on each I/O thread
    IoThreadSet io_threads_;                     // those with at least one
    Arrival arrivals_ = 0;
    std::size_t unproven_ = 0;  // members with `is_unproven`
};

}  // namespace globes::chat
