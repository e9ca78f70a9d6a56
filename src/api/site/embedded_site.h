// The files of the folder `web`, which the build makes part of the program (scripts/embed-site). Constant, any thread.
#pragma once

#include <span>
#include <string_view>

namespace globes::api {

/// One file in up to three forms. All views last as long as the program.
struct EmbeddedFile {
    std::string_view path;      ///< Of its URL: `/assets/app.3f9a1c2b.js`.
    std::string_view etag;      ///< Hash of the content, without quotes.
    bool is_immutable;          ///< Its name has a hash of the content: whatever has that name never changes.
    std::string_view identity;  ///< As it is.
    std::string_view gzip;      ///< Empty where it would not be smaller. The same for `brotli`.
    std::string_view brotli;
};

/// All of them, in order of path; `/index.html` is always among them.
std::span<const EmbeddedFile> embedded_site();

}  // namespace globes::api
