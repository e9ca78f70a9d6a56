// Tokens from any client. The first byte selects how the rest is used: as a whole token, as header and claims
// (separated by a line break) that are signed for the room, or as claims that are signed as a room token or an owner
// token, with the keys of today or with those before rooms had salts.
#include <openssl/hmac.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "chat/tokens.h"

namespace {

using namespace globes;

constexpr std::string_view kSecret = "0123456789abcdef";
constexpr std::string_view kSalt = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t kNow_s = 1'607'030'634;
constexpr std::int64_t kCreated_s = kNow_s - 1000;
constexpr std::int64_t kOldKeysUntil_s = kNow_s - 10;

// Values of the first byte.
constexpr unsigned kOwner = 3;
constexpr unsigned kOldRoom = 4;
constexpr unsigned kOldOwner = 5;
constexpr unsigned kKinds = 6;

class FixedClock final : public Clock {
public:
    UnixMicros now_us() const override { return kNow_s * 1'000'000; }
    std::chrono::steady_clock::time_point steady() const override { return {}; }
};

std::string base64url(std::string_view bytes) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6) text += kDigits[bits >> (count - 6) & 63];
    }
    if (count > 0) text += kDigits[bits << (6 - count) & 63];
    return text;
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
         message.size(), mac, &size);
    return {reinterpret_cast<const char*>(mac), size};
}

std::string sign(std::string_view key, std::string_view header, std::string_view claims) {
    const auto text = base64url(header) + '.' + base64url(claims);
    return text + '.' + base64url(hmac_sha256(key, text));
}

std::string token_of(std::uint8_t kind, std::string_view input) {
    // The keys of room 2 in epoch 0, as chat/tokens.cc derives them; tests/unit/chat/tokens_test.cc holds it to them.
    const std::string room_id("\0\0\0\0\0\0\0\2", 8);
    const std::string epoch(8, '\0');
    const std::string salt(kSalt);
    const auto room_key = hmac_sha256(kSecret, "globes room token v2" + room_id + salt + epoch + "hash");
    const auto owner_key = hmac_sha256(kSecret, "globes owner token v2" + room_id + salt + epoch);
    const auto old_room_key = hmac_sha256(kSecret, "globes room token v1" + room_id + epoch + "hash");
    const auto old_owner_key = hmac_sha256(kSecret, "globes owner token v1" + room_id);
    constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";
    switch (kind % kKinds) {
        case 1: {
            const auto split = std::min(input.find('\n'), input.size());
            return sign(room_key, input.substr(0, split), input.substr(std::min(split + 1, input.size())));
        }
        case 2:
            return sign(room_key, kHeader, input);
        case kOwner:
            return sign(owner_key, kHeader, input);
        case kOldRoom:
            return sign(old_room_key, kHeader, input);
        case kOldOwner:
            return sign(old_owner_key, kHeader, input);
        default:
            return std::string(input);
    }
}

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    static const FixedClock clock;
    static const chat::Tokens tokens(std::string(kSecret), clock, std::chrono::minutes(60));
    static const chat::RoomRecord room{.id = 2,
                                       .visibility = chat::Visibility::private_room,
                                       .password_hash = "hash",
                                       .owned = true,
                                       .salt = std::string(kSalt),
                                       .old_keys_until = kOldKeysUntil_s * 1'000'000,
                                       .created_at = kCreated_s * 1'000'000};

    const auto token = token_of(data[0], {reinterpret_cast<const char*>(data + 1), size - 1});
    const auto claims = tokens.verify(token, room);
    if (!claims) {
        require(claims.error() == Error{ErrorCode::invalid_token, "token"});
        return 0;
    }
    require(claims->room == room.id && !claims->username.empty() && claims->expires_s > kNow_s);
    const unsigned kind = data[0] % kKinds;
    require(claims->owner == (kind == kOwner || kind == kOldOwner));
    require(token.size() <= chat::Tokens::kMaxTokenBytes);
    // Accepted claims can be issued again.
    const auto renewed = claims->owner ? tokens.issue_owner_token(room, claims->username)
                                       : tokens.issue_room_token(room, claims->username);
    const auto again = tokens.verify(renewed, room);
    require(renewed.size() > chat::Tokens::kMaxTokenBytes || (again && again->username == claims->username));
    return 0;
}
