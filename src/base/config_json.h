// config.json: one table has the names, types and ranges of its keys, and nothing else has them. What keys require of
// each other is for load_config (config.h), which merges the other sources too. Pure functions, except that `Static`
// looks for its page. Thread: any.
#pragma once

#include <string_view>
#include <vector>

#include "base/config.h"

namespace globes {

/// Sets the members of `config` that the JSON object `text` contains; others keep their values.
/// Throws ConfigError with `file_name` and the key, or with line and column of invalid JSON.
void apply_config_json(Config& config, std::string_view text, std::string_view file_name);

/// Every key of config.json, in the order of the documentation.
std::vector<std::string_view> config_keys();

}  // namespace globes
