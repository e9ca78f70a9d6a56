#include "chat/tokens.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <jwt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/big_endian.h"
#include "base/random.h"

namespace globes::chat {
namespace {

using Key = std::array<unsigned char, 32>;

struct FreeJwt {
    void operator()(jwt_t* jwt) const { jwt_free(jwt); }
};
using Jwt = std::unique_ptr<jwt_t, FreeJwt>;

struct FreeJwtText {
    void operator()(char* text) const { std::free(text); }
};
using JwtText = std::unique_ptr<char, FreeJwtText>;

Key hmac_sha256(std::string_view secret, std::string_view message) {
    Key digest;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, message.size(), digest.data(),
             nullptr) == nullptr)
        throw std::runtime_error("HMAC-SHA256 failed");
    return digest;
}

/// Only somebody else can have changed it in the store. A key without it would be that of another room, too.
const std::string& salt_of(const RoomRecord& room) {
    if (!is_room_salt(room.salt))
        throw std::runtime_error(fmt::format("room {} has no valid salt; run globes check", room.id));
    return room.salt;
}

// All parts of a context except the last have a fixed length, so two rooms or states never have the same context. A new
// version in a context invalidates all tokens of this kind.
Key room_key(std::string_view secret, const RoomRecord& room) {
    std::string context = "globes room token v2";
    append_big_endian(context, room.id);
    context += salt_of(room);
    append_big_endian(context, room.token_epoch);
    context += room.password_hash;
    return hmac_sha256(secret, context);
}

Key owner_key(std::string_view secret, const RoomRecord& room) {
    std::string context = "globes owner token v2";
    append_big_endian(context, room.id);
    context += salt_of(room);
    append_big_endian(context, room.owner_epoch);
    return hmac_sha256(secret, context);
}

// The keys before rooms had salts. They are the same for every room that ever has this id.

Key old_room_key(std::string_view secret, const RoomRecord& room) {
    std::string context = "globes room token v1";
    append_big_endian(context, room.id);
    append_big_endian(context, room.token_epoch);
    context += room.password_hash;
    return hmac_sha256(secret, context);
}

Key old_owner_key(std::string_view secret, const RoomRecord& room) {
    std::string context = "globes owner token v1";
    append_big_endian(context, room.id);
    return hmac_sha256(secret, context);
}

/// A key of a room, and the tokens that it verifies.
struct AcceptedKey {
    Key key;
    bool is_owners;
    bool is_old;
};

/// All keys of the room; none for a kind of token that the room does not have.
std::vector<AcceptedKey> accepted_keys(std::string_view secret, const RoomRecord& room) {
    const bool has_room_tokens = room.visibility != Visibility::public_room;
    const bool has_old_keys = room.old_keys_until != 0;
    std::vector<AcceptedKey> keys;
    if (room.owned) keys.push_back({.key = owner_key(secret, room), .is_owners = true, .is_old = false});
    if (has_room_tokens) keys.push_back({.key = room_key(secret, room), .is_owners = false, .is_old = false});
    if (has_old_keys && room.owned && room.owner_epoch == 0)
        keys.push_back({.key = old_owner_key(secret, room), .is_owners = true, .is_old = true});
    if (has_old_keys && has_room_tokens)
        keys.push_back({.key = old_room_key(secret, room), .is_owners = false, .is_old = true});
    return keys;
}

constexpr const char* kOwnerRole = "owner";
constexpr std::size_t kTokenIdBytes = 12;

std::string issue(const Key& key, RoomId room, std::string_view username, bool owner, std::int64_t issued_s,
                  std::chrono::seconds life) {
    assert(!username.contains('\0'));
    jwt_t* raw = nullptr;
    int failed = jwt_new(&raw);
    const Jwt jwt(raw);
    failed |= jwt_add_grant(raw, "username", std::string(username).c_str());
    failed |= jwt_add_grant_int(raw, "room_id", static_cast<long>(room));
    failed |= jwt_add_grant_int(raw, "iat", issued_s);
    failed |= jwt_add_grant_int(raw, "exp", issued_s + life.count());
    // Makes each token unique: a connection with the token of an open connection takes over its membership.
    failed |= jwt_add_grant(raw, "jti", random_hex(kTokenIdBytes).c_str());
    if (owner) failed |= jwt_add_grant(raw, "role", kOwnerRole);
    failed |= jwt_set_alg(raw, JWT_ALG_HS256, key.data(), static_cast<int>(key.size()));
    const JwtText token(failed == 0 ? jwt_encode_str(raw) : nullptr);
    if (!token) throw std::runtime_error("a token could not be made");
    return token.get();
}

/// Whether the token has three parts in base64url without padding (RFC 7515, 7.1). libjwt's decoder would skip other
/// characters, and would stop at a U+0000.
bool is_compact_jws(std::string_view token) {
    constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const auto first_dot = token.find('.');
    const auto last_dot = token.rfind('.');
    return first_dot != last_dot && first_dot != 0 && last_dot != first_dot + 1 && last_dot != token.size() - 1 &&
           std::ranges::count(token, '.') == 2 && token.find_first_not_of(std::string(kBase64Url) + '.') == token.npos;
}

/// The length of HMAC-SHA-256 in base64url without padding.
constexpr std::size_t kSignatureBytes = 43;

/// A digest as a signature of a JWT.
std::array<char, kSignatureBytes> to_base64url(const Key& digest) {
    std::array<unsigned char, kSignatureBytes + 2> padded;  // with `=` and U+0000
    EVP_EncodeBlock(padded.data(), digest.data(), static_cast<int>(digest.size()));
    std::array<char, kSignatureBytes> text;
    std::ranges::transform(padded | std::views::take(kSignatureBytes), text.begin(), [](unsigned char c) {
        return c == '+' ? '-' : c == '/' ? '_' : static_cast<char>(c);
    });
    return text;
}

/// Whether `key` has signed the token, a compact JWS, with HS256. Compares in constant time. libjwt would parse both
/// JSON documents of any text before it looks at its signature, once for each key.
bool is_signed_with(const Key& key, std::string_view token) {
    const std::size_t signature = token.size() - kSignatureBytes;
    const auto expected = to_base64url(
        hmac_sha256({reinterpret_cast<const char*>(key.data()), key.size()}, token.substr(0, signature - 1)));
    return CRYPTO_memcmp(expected.data(), token.data() + signature, kSignatureBytes) == 0;
}

Jwt decode(const std::string& token, const Key& key) {
    jwt_t* raw = nullptr;
    const int failed = jwt_decode(&raw, token.c_str(), key.data(), static_cast<int>(key.size()));
    Jwt jwt(raw);
    return failed == 0 ? std::move(jwt) : nullptr;
}

/// jwt_get_alg is not used: it accepts `hs256`.
bool is_hs256(jwt_t* jwt) {
    const char* alg = jwt_get_header(jwt, "alg");
    return alg != nullptr && std::string_view(alg) == "HS256";
}

constexpr std::size_t kSessionNonceBytes = 8;

/// What follows the nonce in a session: the first 8 bytes of its HMAC, in hexadecimal digits.
std::string session_mac(std::string_view secret, std::string_view nonce) {
    const Key digest = hmac_sha256(secret, fmt::format("globes session v1{}", nonce));
    return fmt::format("{:02x}", fmt::join(digest | std::views::take(kSessionNonceBytes), ""));
}

constexpr std::int64_t seconds_of(UnixMicros time) { return time / 1'000'000; }

struct DatedClaims {
    TokenClaims claims;
    std::int64_t issued_s = 0;

    /// Whether the room had its old keys then. Whole seconds, because `iat` has no fraction.
    bool is_of_old_keys(const RoomRecord& room) const {
        return issued_s >= seconds_of(room.created_at) && issued_s <= seconds_of(room.old_keys_until);
    }
};

/// Returns the claims of a token with a valid signature, or nothing if a claim is absent or of the wrong type.
std::optional<DatedClaims> read_claims(jwt_t* jwt, bool owner) {
    const char* username = jwt_get_grant(jwt, "username");
    const char* role = jwt_get_grant(jwt, "role");
    // 0 means absent or not an integer, too; it is not a valid value of these claims.
    const long room = jwt_get_grant_int(jwt, "room_id");
    const long issued_s = jwt_get_grant_int(jwt, "iat");
    const long expires_s = jwt_get_grant_int(jwt, "exp");
    if (username == nullptr || *username == '\0' || room <= 0 || issued_s <= 0 || expires_s <= 0) return std::nullopt;
    if (owner ? role == nullptr || std::string_view(role) != kOwnerRole : role != nullptr) return std::nullopt;
    return DatedClaims{{username, static_cast<RoomId>(room), owner, expires_s}, issued_s};
}

}  // namespace

Credential Credential::of(std::string_view secret) {
    if (secret.empty()) return {};
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest.data());
    Credential credential;
    std::memcpy(&credential, digest.data(), sizeof credential);
    return credential;
}

Tokens::Tokens(std::string secret_key, const Clock& clock, std::chrono::minutes room_token_life)
    : secret_key_(std::move(secret_key)), clock_(clock), room_token_life_(room_token_life) {
    assert(!secret_key_.empty());
}

std::string Tokens::issue_room_token(const RoomRecord& room, std::string_view username) const {
    return issue(room_key(secret_key_, room), room.id, username, false, seconds_of(clock_.now_us()), room_token_life_);
}

std::string Tokens::issue_owner_token(const RoomRecord& room, std::string_view username) const {
    return issue(owner_key(secret_key_, room), room.id, username, true, seconds_of(clock_.now_us()), kOwnerTokenLife);
}

Result<TokenClaims> Tokens::verify(std::string_view token, const RoomRecord& room) const {
    const auto invalid = std::unexpected(Error{ErrorCode::invalid_token, "token"});
    if (token.size() > kMaxTokenBytes || !is_compact_jws(token) ||
        token.size() - token.rfind('.') - 1 != kSignatureBytes)
        return invalid;

    // The key that verifies the signature determines the kind of the token; `read_claims` checks that its role agrees.
    for (const AcceptedKey& accepted : accepted_keys(secret_key_, room)) {
        if (!is_signed_with(accepted.key, token)) continue;
        const Jwt jwt = decode(std::string(token), accepted.key);
        // libjwt takes the algorithm from the header.
        if (!jwt || !is_hs256(jwt.get())) return invalid;
        auto read = read_claims(jwt.get(), accepted.is_owners);
        if (!read || (accepted.is_old && !read->is_of_old_keys(room))) return invalid;
        if (read->claims.room != room.id || read->claims.expires_s <= seconds_of(clock_.now_us())) return invalid;
        return std::move(read->claims);
    }
    return invalid;
}

std::string Tokens::issue_session() const {
    const std::string nonce = random_hex(kSessionNonceBytes);
    return nonce + session_mac(secret_key_, nonce);
}

bool Tokens::is_session(std::string_view session) const {
    constexpr std::size_t kNonceDigits = 2 * kSessionNonceBytes;
    if (session.size() != 2 * kNonceDigits) return false;
    const std::string expected = session_mac(secret_key_, session.substr(0, kNonceDigits));
    return CRYPTO_memcmp(expected.data(), session.data() + kNonceDigits, expected.size()) == 0;
}

}  // namespace globes::chat
