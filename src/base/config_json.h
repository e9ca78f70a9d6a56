// The keys of config.json: their names, types and ranges in one table.
#pragma once

#include <string_view>

#include "base/config.h"

namespace globes {

/// Sets the members of `config` that the JSON object `text` contains; others keep their values.
/// Throws ConfigError with `file_name` and the key, or with line and column of invalid JSON.
void apply_config_json(Config& config, std::string_view text, std::string_view file_name);

}  // namespace globes
