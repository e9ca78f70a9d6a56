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

std::optional<std::chrono::seconds> PasswordThrottle::refused(std::string_view address, RoomId room, TimePoint now) {
    const MutexLock lock(mutex_);
    forget_ended(now);
    const auto found = windows_.find(Key{std::string(address), room});
    return found == windows_.end() ? std::nullopt : wait_of(found->second);
}

bool PasswordThrottle::has_failed(std::string_view address, RoomId room, TimePoint now) {
    const MutexLock lock(mutex_);
    forget_ended(now);
    return windows_.contains(Key{std::string(address), room});
}

std::optional<std::chrono::seconds> PasswordThrottle::note_wrong(std::string_view address, RoomId room, TimePoint now) {
    const MutexLock lock(mutex_);
    forget_ended(now);
    assert(limits_.entries >= 1);
    const auto [entry, is_new] = windows_.try_emplace(Key{std::string(address), room}, now_ + limits_.window);
    if (is_new) {
        by_end_.push_back(&*entry);
        if (windows_.size() > limits_.entries) {
            windows_.erase(windows_.find(by_end_.front()->first));
            by_end_.pop_front();
        }
    }
    ++entry->second.wrong;
    return wait_of(entry->second);
}

void PasswordThrottle::forget_ended(TimePoint now) {
    now_ = std::max(now_, now);
    while (!by_end_.empty() && by_end_.front()->second.end <= now_) {
        windows_.erase(windows_.find(by_end_.front()->first));
        by_end_.pop_front();
    }
    assert(windows_.size() == by_end_.size());
}

std::optional<std::chrono::seconds> PasswordThrottle::wait_of(const Window& window) {
    if (window.wrong <= limits_.wrong_tries) return std::nullopt;
    refusals_.fetch_add(1, std::memory_order_relaxed);
    assert(window.end > now_);  // ended windows have been dropped
    return std::chrono::ceil<std::chrono::seconds>(window.end - now_);
}

std::size_t PasswordThrottle::KeyHash::operator()(const Key& key) const {
    return KeyedHash()(KeyedHash()(key.address) ^ key.room);
}

}  // namespace globes::chat
