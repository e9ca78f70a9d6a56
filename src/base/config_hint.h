// Suggestions for unknown configuration keys. Pure functions, any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace globes {

/// The most likely intended key of `known`: `key` is another program's name for it, or has nearly the same letters,
/// ignoring case, `_` and `-`. Empty if none is similar.
std::optional<std::string_view> meant_key(std::string_view key, std::span<const std::string_view> known);

}  // namespace globes
