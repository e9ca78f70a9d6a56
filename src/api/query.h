// Numbers and times in a request's query. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/core.h"
#include "net/http_message.h"

namespace globes::api {

/// The parameter called `name`, percent-decoded; none where it is missing.
std::optional<std::string> text_parameter(const net::HttpRequest& request, std::string_view name);

/// The same as a number within [least, most]. `name` is a literal.
/// Error: room_invalid_content with the parameter as field, where it is anything else.
Result<std::optional<std::uint64_t>> number_parameter(const net::HttpRequest& request, std::string_view name,
                                                      std::uint64_t least, std::uint64_t most);

/// `at`, the time of the event that the parameter `after` names; absent if it is not given.
/// Error: room_invalid_content with field `at`, if it is not a time as the server writes them, or if `after` is absent
/// or 0, because there is no event 0.
Result<std::optional<chat::CatchUp::LastSeen>> last_seen_parameter(const net::HttpRequest& request,
                                                                   std::optional<std::uint64_t> after);

}  // namespace globes::api
