// Functions with expected failures return a Result; exceptions are only for start-up and the edges of tasks.
#pragma once

#include <expected>

#include "base/error.h"

namespace globes {

template <class T>
using Result = std::expected<T, Error>;

}  // namespace globes
