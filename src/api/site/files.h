// The answers that carry the site's files: from the program itself, or from the folder in `Static`. Plain functions;
// embedded ones never block, the folder's read from disk and belong to a worker.
#pragma once

#include <filesystem>
#include <string_view>

#include "api/site/embedded_site.h"
#include "api/site/file_headers.h"
#include "net/http_message.h"

namespace globes::api {

/// Where the page is, in the program and in a folder.
inline constexpr const char* kIndexPath = "/index.html";

/// The file in the form that the request wants; 304 where the client has that one. With another `status` than 200 it
/// stands for what is missing: it has no tag then, and is never answered with 304.
net::HttpResponse embedded_answer(const net::HttpRequest& request, const EmbeddedFile& file, const PagePolicy& policy,
                                  int status = 200);

/// The file that a URL's path, percent-decoded, names beneath `folder`; for a folder its index.html. 404 where it is
/// missing, no file, too large, or not beneath `folder`, be it by a link.
net::HttpResponse static_answer(const std::filesystem::path& folder, std::string_view path, const PagePolicy& policy);

/// The page of `folder`, under `status`; 404 in JSON if the folder has none.
net::HttpResponse static_page_answer(const std::filesystem::path& folder, const PagePolicy& policy, int status);

}  // namespace globes::api
