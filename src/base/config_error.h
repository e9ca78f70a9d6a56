// An error in the configuration, with a message for the operator; main prints it and exits with 2.
#pragma once

#include <stdexcept>

namespace globes {

/// `what()` names the file (or flag) and the key, and never shows the value of a secret: `config.json: Address: must be
/// …`.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace globes
