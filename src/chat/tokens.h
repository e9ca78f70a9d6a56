// Secrets that authorize clients: hashed credentials of sessions, and JWTs (HS256) that open private and hidden rooms
// or belong to room owners (docs/protocol.md#tokens-and-owners).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "chat/room_record.h"

namespace globes::chat {

/// A stored secret: 128 bits of its SHA-256, which do not reveal it.
struct Credential {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    /// An empty secret gives the empty credential.
    static Credential of(std::string_view secret);
    bool empty() const { return high == 0 && low == 0; }

    friend bool operator==(const Credential&, const Credential&) = default;
    struct Hash {
        std::size_t operator()(const Credential& credential) const { return credential.low; }
    };
};

/// What a token says, once it is known to be true.
struct TokenClaims {
    std::string username;
    RoomId room = 0;
    bool owner = false;
    std::int64_t expires_s = 0;  ///< Seconds since the Unix epoch; from then on the token is refused.

    friend bool operator==(const TokenClaims&, const TokenClaims&) = default;
};

/// Every room has two keys of its own, derived from the server's secret: one for its room tokens, which changes with
/// the password and with `token_epoch`, and one for its owner's, which never does. So nothing need be stored to end a
/// token.
///
/// Any thread; nothing is shared but what is constant. All times come from the clock.
class Tokens {
public:
    static constexpr std::chrono::days kOwnerTokenLife{30};
    static constexpr std::size_t kMaxTokenBytes = 4096;

    /// `secret_key`: not empty, SECRET_KEY or the secret file's. `clock` outlives this.
    Tokens(std::string secret_key, const Clock& clock, std::chrono::minutes room_token_life);

    /// `username`: valid UTF-8 without U+0000. For rooms with a password: in a public one `verify` knows only the
    /// owner's.
    std::string issue_room_token(const RoomRecord& room, std::string_view username) const;
    std::string issue_owner_token(const RoomRecord& room, std::string_view username) const;

    /// Errors: invalid_token with the field `token`, whatever is wrong: malformed, longer than `kMaxTokenBytes`,
    /// another `alg` (`none` included), signed with another key, another room's, expired, a claim missing or of the
    /// wrong type.
    Result<TokenClaims> verify(std::string_view token, const RoomRecord& room) const;

private:
    const std::string secret_key_;
    const Clock& clock_;
    const std::chrono::minutes room_token_life_;
};

}  // namespace globes::chat
