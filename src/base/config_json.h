// The keys of config.json: their names, types and ranges in one table.
#pragma once

#include <string_view>

#include "base/config.h"

namespace globes {

/// Sets in `config` what the JSON object `text` gives; the rest keeps its value.
/// Throws ConfigError that names `file_name` and the key, or line and column of broken JSON.
void apply_config_json(Config& config, std::string_view text, std::string_view file_name);

}  // namespace globes
