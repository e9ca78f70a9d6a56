// The format of `.env`, which several programs may share: a shell, docker compose and the dotenv libraries read it too.
// A value is taken where all of these agree on it; where they read different values, it has a fault. Reading the file
// and knowing the keys is config.cc's part. Cases, one by one: docs/configuration.md and env_file_test.cc.
//
//   # a comment
//   KEY=value            # blanks around key and value don't count; ` #` starts a comment
//   export KEY='value'   # taken literally, `#`, `$`, `\` and blanks included
//   KEY="value"          # the same, but without `$`, `\` and backticks
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace globes {

struct EnvEntry {
    std::string key;
    std::string value;
    std::size_t line = 0;    ///< Where it begins, from 1.
    std::string fault = {};  ///< Why the value can't be taken; then it is empty. Never quotes the value.
};

/// The entries in the order of the file; a key may come twice. CRLF and a byte order mark are accepted. A fault of one
/// value leaves the others readable: the key may be of another program.
/// Throws ConfigError that names `file_name` and the line where it is not clear what is an entry, or where one ends. It
/// never quotes the line: it may hold a secret.
std::vector<EnvEntry> parse_env_file(std::string_view text, std::string_view file_name);

}  // namespace globes
