// What a key that the configuration does not know may have meant. Pure functions, any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace globes {

/// The one of `known` that a person who wrote `key` most likely meant: another program's name for it, or nearly the
/// same letters, whatever their case and without regard to `_` and `-`. None where nothing is near.
std::optional<std::string_view> meant_key(std::string_view key, std::span<const std::string_view> known);

}  // namespace globes
