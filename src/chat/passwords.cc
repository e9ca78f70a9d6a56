#include "chat/passwords.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <array>
#include <cassert>
#include <memory>
#include <stdexcept>

#include "chat/room_rules.h"

namespace globes::chat {
namespace {

constexpr unsigned long kCost = 10;
constexpr std::size_t kHashBytes = 60;

bool is_hashable(std::string_view password) { return password.size() <= kMaxPasswordBytes && !password.contains('\0'); }

/// The hash of `password` with the method, cost and salt of `setting`; empty if crypt(3) refuses the setting.
std::string crypt_password(std::string_view password, const char* setting) {
    // 32 KiB: too much for the stack of a worker, and zeroed, as crypt(3) asks.
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
    // Without random bytes given, it takes them from the kernel.
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

}  // namespace globes::chat
