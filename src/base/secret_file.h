// The server's own secret if SECRET_KEY is not set: created at the first start and stored beside the data. A plain
// function, for the main thread.
#pragma once

#include <filesystem>
#include <string>

namespace globes {

inline constexpr std::size_t kMinSecretFileBytes = 32;

struct Secret {
    std::string text;
    bool is_new = false;  ///< The file did not exist before.
};

/// The text of `<data_dir>/secret` without surrounding white space; a new file has 32 random bytes in hexadecimal.
///
/// - Called once, by main, at start; blocks on the disk.
/// - Creates the folder, for this user only, if it does not exist.
/// - The file has mode 0600 and appears complete or not at all, also after a crash. Two servers that start at the same
///   time get the same secret.
/// - A file that other users can read is used, with a warning in the log.
///
/// Errors: throws std::runtime_error with the name of the file if it cannot be read or created, or has fewer than
/// `kMinSecretFileBytes`. It is not replaced, because a new secret would invalidate every token.
Secret load_or_make_secret(const std::filesystem::path& data_dir);

}  // namespace globes
