// The format of `.env`, which several programs may share: a shell, docker compose and the dotenv libraries read it too.
// A value is valid if all of these agree on it; if they read different values, it has a fault. config.cc reads the file
// and knows the keys. All cases: docs/configuration.md and env_file_test.cc.
//
//   # a comment
//   KEY=value            # blanks around key and value are ignored; ` #` starts a comment
//   export KEY='value'   # literal, including `#`, `$`, `\` and blanks
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
    std::size_t line = 0;    ///< The first line of the entry, from 1.
    std::string fault = {};  ///< Why the value is invalid; `value` is empty then. Never quotes the value.
};

/// The entries in the order of the file; a key may occur twice. CRLF and a byte order mark are accepted. A fault of one
/// value does not affect the others: the key may belong to another program.
/// Throws ConfigError with `file_name` and the line if it is unclear what is an entry, or where one ends. The message
/// never quotes the line, because it may contain a secret.
std::vector<EnvEntry> parse_env_file(std::string_view text, std::string_view file_name);

}  // namespace globes
