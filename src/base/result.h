// What may fail for an expected reason returns a Result; exceptions are for start-up and a session's edge only.
#pragma once

#include <expected>

#include "base/error.h"

namespace globes {

template <class T>
using Result = std::expected<T, Error>;

}  // namespace globes
