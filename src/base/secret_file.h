// The server's own secret, for whoever sets no SECRET_KEY: made at the first start, kept beside the data, never built
// in.
#pragma once

#include <filesystem>
#include <string>

namespace globes {

inline constexpr std::size_t kMinSecretFileBytes = 32;

/// The text of `<data_dir>/secret` without surrounding white space; 32 random bytes in hexadecimal where it had to be
/// made.
///
/// 1. Called once, by main, at start; blocks on the disk.  2. The folder is made if it is missing.
/// 3. The file has mode 0600 and appears whole or not at all, also after a crash; of two servers that start at once
///    both get the same secret.  4. A file that others may read is used, with a warning in the log.
/// Errors: throws std::runtime_error that names the file if it can't be read or made, or holds fewer than
/// `kMinSecretFileBytes`: a new secret would silently end every token, so that is left to the operator.
std::string load_or_make_secret(const std::filesystem::path& data_dir);

}  // namespace globes
