// The answers that carry the site's files: from the program itself, or from the folder in `Static`. Plain functions;
// embedded ones never block, the folder's read from disk and belong to a worker.
#pragma once

#include <filesystem>
#include <string_view>

#include "api/embedded_site.h"
#include "api/page_policy.h"
#include "net/http_message.h"

namespace globes::api {

/// The file in the form that the request wants; 304 where the client has that one.
net::HttpResponse embedded_answer(const net::HttpRequest& request, const EmbeddedFile& file, const PagePolicy& policy);

/// The file that a URL's path, percent-decoded, names beneath `folder`; for a folder its index.html. 404 where it is
/// missing, no file, too large, or not beneath `folder`, be it by a link.
net::HttpResponse static_answer(const std::filesystem::path& folder, std::string_view path, const PagePolicy& policy);

}  // namespace globes::api
