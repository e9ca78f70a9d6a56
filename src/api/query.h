// Numbers in a request's query. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace globes::api {

/// The parameter called `name`, percent-decoded; none where it is missing.
std::optional<std::string> text_parameter(const net::HttpRequest& request, std::string_view name);

/// The same as a number within [least, most]. `name` is a literal.
/// Error: room_invalid_content with the parameter as field, where it is anything else.
Result<std::optional<std::uint64_t>> number_parameter(const net::HttpRequest& request, std::string_view name,
                                                      std::uint64_t least, std::uint64_t most);

}  // namespace globes::api
