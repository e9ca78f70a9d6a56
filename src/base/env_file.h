// The format of `.env`: what it says, line by line. Reading the file and knowing the keys is config.cc's part.
//
//   # a comment
//   KEY=value            # blanks around key and value don't count; ` #` starts a comment
//   export KEY='value'   # taken literally, `#` and blanks included
//   KEY="value"          # as before, with \" \\ \n
//
// No variables are expanded and no value spans lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace globes {

struct EnvEntry {
    std::string key;
    std::string value;
};

/// The entries in the order of the file; a key may come twice. CRLF and a byte order mark are accepted.
/// Throws ConfigError that names `file_name` and the line, and never quotes the line: it may hold a secret.
std::vector<EnvEntry> parse_env_file(std::string_view text, std::string_view file_name);

}  // namespace globes
