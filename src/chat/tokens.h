// Secrets that authorize clients: sessions, and JWTs (HS256), which are room tokens or owners' tokens
// (docs/protocol.md#tokens-and-owners); and their hashes. The server owns the Tokens. Thread: any.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "chat/room_record.h"

namespace globes::chat {

/// A secret in a form that does not reveal it: 128 bits of its SHA-256.
struct Credential {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    /// An empty secret gives the empty credential.
    static Credential of(std::string_view secret);
    bool empty() const { return high == 0 && low == 0; }

    friend auto operator<=>(const Credential&, const Credential&) = default;
};

/// The claims of a token that was verified.
struct TokenClaims {
    std::string username;
    RoomId room = 0;
    bool owner = false;
    std::int64_t expires_s = 0;  ///< Seconds since the Unix epoch. The token is refused from then on.

    friend bool operator==(const TokenClaims&, const TokenClaims&) = default;
};

/// Issues and verifies tokens. Each room has two keys, derived from the server's secret and the room's salt: one for
/// room tokens, which changes with the password and with `token_epoch`, and one for owners' tokens, which changes with
/// `owner_epoch`. So the server invalidates tokens without a list of them. Source: docs/adr/0014-room-salts.md
///
/// A room that is older than salts has also two old keys, which verify tokens that were issued between its creation and
/// `old_keys_until`; the old owners' key only until `owner_epoch` changes for the first time.
///
/// Thread: any; all members are constant.
class Tokens {
public:
    static constexpr std::chrono::days kOwnerTokenLife{30};
    static constexpr std::size_t kMaxTokenBytes = 4096;

    /// `secret_key`: SECRET_KEY or the content of the secret file; not empty. `clock` MUST outlive this object.
    Tokens(std::string secret_key, const Clock& clock, std::chrono::minutes room_token_life);

    /// Returns a new token. `username`: valid UTF-8 without U+0000. Room tokens are for rooms with a password: in a
    /// public room `verify` accepts only owners' tokens, and only in a room with an owner. Errors: throws
    /// std::runtime_error if libjwt fails, or if the room's salt is not valid (room_record.h).
    std::string issue_room_token(const RoomRecord& room, std::string_view username) const;
    std::string issue_owner_token(const RoomRecord& room, std::string_view username) const;

    /// Returns the claims of a valid token of `room`.
    /// Errors: invalid_token (field token) if the token is malformed, longer than `kMaxTokenBytes`, signed with another
    /// key, of another room or expired, if its `alg` is not HS256, or if a claim is absent or has the wrong type.
    /// Nothing of a token is decoded before its signature is verified. Throws as `issue_room_token`.
    Result<TokenClaims> verify(std::string_view token, const RoomRecord& room) const;

    /// Returns the secret of a new session: 32 hexadecimal digits. Errors: throws std::runtime_error if OpenSSL fails.
    std::string issue_session() const;
    /// Whether a server with this secret key has issued the session, in this process or an earlier one. A client keeps
    /// the session of its first connection. Throws as `issue_session`.
    bool is_session(std::string_view session) const;

private:
    const std::string secret_key_;
    const Clock& clock_;
    const std::chrono::minutes room_token_life_;
};

}  // namespace globes::chat
