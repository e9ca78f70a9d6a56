#include "chat/passwords.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <memory>
#include <stdexcept>

#include "base/keyed_hash.h"
#include "chat/room_rules.h"

namespace globes::chat {
namespace {

constexpr unsigned long kCost = 10;
constexpr std::size_t kHashBytes = 60;

bool is_hashable(std::string_view password) { return password.size() <= kMaxPasswordBytes && !password.contains('\0'); }

/// Returns the hash of `password` with the method, cost and salt of `setting`; empty if crypt(3) refuses the setting.
std::string crypt_password(std::string_view password, const char* setting) {
    // 32 KiB, too large for the stack of a worker. crypt(3) requires zeroed memory.
    const auto data = std::make_unique<crypt_data>();
    std::string phrase(password);
    const char* hash = crypt_rn(phrase.c_str(), setting, data.get(), sizeof *data);
    std::string result = hash == nullptr ? "" : hash;
    OPENSSL_cleanse(phrase.data(), phrase.size());
    OPENSSL_cleanse(data.get(), sizeof *data);
    return result;
}

}  // namespace

bool is_password_hash(std::string_view text) {
    return text.size() == kHashBytes &&
           (text.starts_with("$2a$") || text.starts_with("$2b$") || text.starts_with("$2y$"));
}

std::string hash_password(std::string_view password) {
    assert(is_hashable(password));
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting;
    // If the random bytes are null, it takes them from the kernel.
    if (crypt_gensalt_rn("$2b$", kCost, nullptr, 0, setting.data(), static_cast<int>(setting.size())) == nullptr)
        throw std::runtime_error("crypt_gensalt_rn failed");
    auto hash = crypt_password(password, setting.data());
    if (hash.empty()) throw std::runtime_error("crypt_rn failed");
    return hash;
}

bool verify_password(std::string_view password, const std::string& hash) {
    if (!is_hashable(password) || !is_password_hash(hash)) return false;
    const auto actual = crypt_password(password, hash.c_str());
    return actual.size() == hash.size() && CRYPTO_memcmp(actual.data(), hash.data(), hash.size()) == 0;
}

std::optional<std::chrono::seconds> PasswordThrottle::refused(const Guesser& client, RoomId room, TimePoint now) {
    const MutexLock lock(mutex_);
    forget_ended(now);
    return wait_of(client, room);
}

bool PasswordThrottle::has_failed(const Guesser& client, RoomId room, TimePoint now) {
    const MutexLock lock(mutex_);
    forget_ended(now);
    return wrong_of(client.address, room) > 0 || wrong_of(client.network, room) > limits_.wrong_tries;
}

std::optional<std::chrono::seconds> PasswordThrottle::note_wrong(const Guesser& client, RoomId room, TimePoint now) {
    const MutexLock lock(mutex_);
    forget_ended(now);
    add_wrong(client.address, room);
    if (client.network != client.address) add_wrong(client.network, room);
    return wait_of(client, room);
}

void PasswordThrottle::add_wrong(std::string_view address, RoomId room) {
    assert(limits_.entries >= 1);
    const auto [entry, is_new] = windows_.try_emplace(Key{std::string(address), room}, now_ + limits_.window);
    ++entry->second.wrong;
    if (!is_new) return;
    by_end_.push_back(&*entry);
    if (windows_.size() <= limits_.entries) return;
    windows_.erase(windows_.find(by_end_.front()->first));
    by_end_.pop_front();
}

void PasswordThrottle::forget_ended(TimePoint now) {
    now_ = std::max(now_, now);
    while (!by_end_.empty() && by_end_.front()->second.end <= now_) {
        windows_.erase(windows_.find(by_end_.front()->first));
        by_end_.pop_front();
    }
    assert(windows_.size() == by_end_.size());
}

std::uint32_t PasswordThrottle::wrong_of(std::string_view address, RoomId room) const {
    const auto found = windows_.find(Key{std::string(address), room});
    return found == windows_.end() ? 0 : found->second.wrong;
}

std::optional<std::chrono::seconds> PasswordThrottle::wait_of(const Guesser& client, RoomId room) {
    TimePoint end = now_;
    const auto look_at = [&](std::string_view address, std::uint64_t most) REQUIRES(mutex_) {
        const auto found = windows_.find(Key{std::string(address), room});
        if (found != windows_.end() && found->second.wrong > most) end = std::max(end, found->second.end);
    };
    look_at(client.address, limits_.wrong_tries);
    if (client.network != client.address)
        look_at(client.network, std::uint64_t{limits_.wrong_tries} * limits_.network_factor);
    if (end == now_) return std::nullopt;  // ended windows have been dropped
    refusals_.fetch_add(1, std::memory_order_relaxed);
    return std::chrono::ceil<std::chrono::seconds>(end - now_);
}

std::size_t PasswordThrottle::KeyHash::operator()(const Key& key) const {
    return KeyedHash()(KeyedHash()(key.address) ^ key.room);
}

}  // namespace globes::chat
