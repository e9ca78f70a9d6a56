// Media types of the files that a site consists of. Any thread.
#pragma once

#include <string_view>

namespace globes::api {

/// By the extension of `path`, without regard to case; `application/octet-stream` for one that is not known.
std::string_view content_type(std::string_view path);

/// True for HTML.
bool is_page(std::string_view path);

}  // namespace globes::api
