#include "api/site/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "api/hosts.h"
#include "api/request.h"
#include "api/wire/errors.h"

namespace globes::api {
namespace {

// Clients ask each time whether the file has changed.
constexpr const char* kRevalidate = "no-cache";
constexpr const char* kKeepForAYear = "public, max-age=31536000, immutable";

std::string_view form_of(const EmbeddedFile& file, Coding coding) {
    switch (coding) {
        case Coding::brotli:
            return file.brotli;
        case Coding::gzip:
            return file.gzip;
        case Coding::identity:
            break;
    }
    return file.identity;
}

/// Whether a segment of `path` begins with a dot, as in `/.git/config` and `/.env`: such files are beside a site, not
/// a part of it, except those in `/.well-known/` (RFC 8615).
bool has_dot_segment(std::string_view path) {
    constexpr std::string_view kWellKnown = "/.well-known/";
    return path.find("/.", path.starts_with(kWellKnown) ? kWellKnown.size() - 1 : 0) != std::string_view::npos;
}

/// Absent if the file is outside the folder, does not exist, or is not a regular file. A symbolic link
/// inside the folder may lead to a name with a dot: Kubernetes provides files of a volume in this way.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder, std::string_view path) {
    std::error_code error;
    const auto root = std::filesystem::canonical(folder, error);
    if (error || path.find('\0') != std::string_view::npos || has_dot_segment(path)) return std::nullopt;
    auto file = std::filesystem::canonical(root / std::filesystem::path(path).relative_path(), error);
    if (!error && std::filesystem::is_directory(file, error))
        file = std::filesystem::canonical(file / "index.html", error);
    if (error || !std::filesystem::is_regular_file(file, error)) return std::nullopt;
    // Checked after symbolic links are resolved, because they may lead out of the folder.
    const auto [root_end, file_at] = std::ranges::mismatch(root, file);
    if (root_end != root.end()) return std::nullopt;
    return file;
}

/// Whether open(2) fails with this error until somebody changes the files.
bool is_final(int error) {
    return error == ENOENT || error == EACCES || error == ENOTDIR || error == ELOOP || error == ENXIO;
}

}  // namespace

net::HttpResponse embedded_answer(const net::HttpRequest& request, const EmbeddedFile& file, const PagePolicy& policy,
                                  int status) {
    const Coding coding = choose_coding(request, !file.gzip.empty(), !file.brotli.empty());
    const bool is_coded = coding != Coding::identity;
    // Each content coding has its own ETag, because its bytes differ.
    const std::string etag =
        is_coded ? fmt::format("\"{}-{}\"", file.etag, coding_name(coding)) : fmt::format("\"{}\"", file.etag);
    net::HttpResponse response{
        .status = status,
        .content_type = std::string(content_type(file.path)),
        .headers = {{"Cache-Control", file.is_immutable ? kKeepForAYear : kRevalidate}, {"Vary", "Accept-Encoding"}}};
    if (status == 200) response.headers.emplace_back("ETag", etag);
    add_policy_headers(policy, is_page(file.path), response);
    if (is_page(file.path))
        response.headers.emplace_back("Content-Security-Policy", built_in_policy(policy, host_text(request)));
    if (status == 200 && has_current_form(request, etag)) {
        response.status = 304;
        return response;
    }
    if (is_coded) response.headers.emplace_back("Content-Encoding", coding_name(coding));
    response.body = form_of(file, coding);
    return response;
}

Result<FileReader> FileReader::open(const std::filesystem::path& file) {
    // Does not wait for the writer of a named pipe that somebody puts there meanwhile.
    FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info{};
    if (!descriptor.is_open() && !is_final(errno)) return std::unexpected(Error{ErrorCode::unavailable});
    if (!descriptor.is_open() || ::fstat(descriptor.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return std::unexpected(Error{ErrorCode::path_not_found});
    return FileReader(std::move(descriptor), static_cast<std::uint64_t>(info.st_size));
}

std::optional<std::string> FileReader::read() {
    std::string part(kPart, '\0');
    std::size_t filled = 0;
    while (filled < part.size()) {
        const ssize_t count = ::read(file_.get(), part.data() + filled, part.size() - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::nullopt;
        if (count == 0) break;
        filled += static_cast<std::size_t>(count);
    }
    part.resize(filled);
    return part;
}

StaticAnswer static_answer(const std::filesystem::path& folder, std::string_view path, const PagePolicy& policy,
                           const OpenFiles::Permits& permits) {
    const auto refuse = [](const Error& error) { return StaticAnswer{error_response(error), std::nullopt}; };
    const auto found = find_file(folder, path);
    if (!found) return refuse(Error{ErrorCode::path_not_found});
    auto reader = FileReader::open(*found);
    if (!reader) return refuse(reader.error());
    auto body = reader->read();
    if (!body) return refuse(Error{ErrorCode::unavailable});
    StaticAnswer answer{{.content_type = std::string(content_type(found->native())),
                         .body = *std::move(body),
                         .headers = {{"Cache-Control", kRevalidate}}},
                        std::nullopt};
    if (reader->size() > answer.response.body.size()) {
        answer.permit = permits();
        if (answer.permit == nullptr) return refuse(Error{ErrorCode::unavailable});
        answer.response.rest_bytes = reader->size() - answer.response.body.size();
        answer.rest = *std::move(reader);
    }
    add_policy_headers(policy, is_page(found->native()), answer.response);
    if (is_page(found->native()))
        answer.response.headers.emplace_back("Content-Security-Policy", static_policy(policy));
    return answer;
}

StaticAnswer static_page_answer(const std::filesystem::path& folder, const PagePolicy& policy,
                                const OpenFiles::Permits& permits, int status) {
    StaticAnswer answer = static_answer(folder, kIndexPath, policy, permits);
    if (answer.response.status == 200) answer.response.status = status;
    return answer;
}

}  // namespace globes::api
