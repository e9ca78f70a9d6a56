// The files of the site, embedded in the program or in the folder `Static`, and the responses that contain them. Plain
// functions, any thread. Those for the folder read from the disk and belong on a worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "api/open_files.h"
#include "api/site/file_headers.h"
#include "base/error.h"
#include "base/file.h"
#include "net/http_message.h"

namespace globes::api {

/// A file of the folder `web`, which the build embeds (scripts/embed-site), in up to three content codings. All views
/// last as long as the program.
struct EmbeddedFile {
    std::string_view path;      ///< Of its URL: `/assets/app.3f9a1c2b.js`.
    std::string_view etag;      ///< Hash of the content, without quotes.
    bool is_immutable;          ///< Its name contains a hash of the content, so the content of this path never changes.
    std::string_view identity;  ///< Uncompressed.
    std::string_view gzip;      ///< Empty if it would not be smaller.
    std::string_view brotli;    ///< As `gzip`.
};

/// All embedded files in order of path. `kIndexPath` is one of them.
std::span<const EmbeddedFile> embedded_site();

/// The path of the page, in the embedded site and in a folder.
inline constexpr const char* kIndexPath = "/index.html";

/// The file in the content coding that the request prefers; 304 if the client has it already. With another `status`
/// than 200 the file is the page for an error: it has no ETag then, and the status is never 304.
net::HttpResponse embedded_answer(const net::HttpRequest& request, const EmbeddedFile& file, const PagePolicy& policy,
                                  int status = 200);

/// Reads a file part by part.
class FileReader {
public:
    /// The size of a part in bytes.
    static constexpr std::size_t kPart = std::size_t{64} << 10;

    /// Opens a regular file. Blocks. Errors: `path_not_found` if it does not exist or may not be read; `unavailable` if
    /// it cannot be opened now, for example without a free descriptor.
    static Result<FileReader> open(const std::filesystem::path& file);

    /// The size in bytes when it was opened.
    std::uint64_t size() const { return size_; }
    /// The next part; empty at the end. Blocks. Nothing if it cannot be read.
    std::optional<std::string> read();

private:
    FileReader(FileDescriptor file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

    FileDescriptor file_;
    std::uint64_t size_;
};

/// What a file of a folder is answered with.
struct StaticAnswer {
    net::HttpResponse response;      ///< Its body is the first part of the file.
    std::optional<FileReader> rest;  ///< Reads the other parts, if there are any.
    OpenFiles::Permit permit = {};   ///< To be kept as long as `rest`.
};

/// The file below `folder` with this path of a URL, percent-decoded; of a folder its index.html. 404 in JSON if it does
/// not exist, is not a regular file, is outside `folder`, also through a symbolic link, or if a segment of `path`
/// begins with a dot, except in `/.well-known/`. 503 if it cannot be opened or read now, or has more than one part and
/// `permits` gives none. Blocks.
StaticAnswer static_answer(const std::filesystem::path& folder, std::string_view path, const PagePolicy& policy,
                           const OpenFiles::Permits& permits);

/// The page of `folder` with the status `status`; 404 in JSON if the folder does not contain it. Blocks.
StaticAnswer static_page_answer(const std::filesystem::path& folder, const PagePolicy& policy,
                                const OpenFiles::Permits& permits, int status);

}  // namespace globes::api
