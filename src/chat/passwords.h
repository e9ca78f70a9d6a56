// Room passwords as bcrypt hashes. Making and verifying one takes some 50 ms of CPU on purpose: worker threads only
// (base/worker_pool.h).
#pragma once

#include <string>
#include <string_view>

namespace globes::chat {

/// `$2b$`, cost 10, fresh random salt. `password`: at most `kMaxPasswordBytes`, without U+0000 (the request checks see
/// to it). Throws std::runtime_error where crypt(3) can't do it.
std::string hash_password(std::string_view password);

/// Whether `text` is a bcrypt hash, `$2a$`, `$2b$` or `$2y$` and 60 characters in all. Any thread, at once.
bool is_password_hash(std::string_view text);

/// Whether `hash` is that of `password`. False for everything else: another or a broken hash, a password that could not
/// have been set. Compares in constant time.
bool verify_password(std::string_view password, const std::string& hash);

}  // namespace globes::chat
