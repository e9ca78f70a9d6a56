#include "api/site.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/error_table.h"
#include "base/ascii.h"

namespace globes::api {
namespace {

// Of those that are not hidden; the public ones among them are shown.
constexpr std::size_t kListedRooms = 1000;
constexpr std::uintmax_t kLargestFile = std::uintmax_t{16} << 20;
// No script runs on the built-in page, whatever a room is called; a socket opened by hand in the console may.
constexpr const char* kPagePolicy =
    "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kContentTypes{{
    {".html", "text/html; charset=utf-8"},
    {".htm", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
}};

std::string_view content_type(const std::filesystem::path& file) {
    const std::string extension = file.extension().string();
    for (const auto& [known, type] : kContentTypes)
        if (equals_ignoring_case(extension, known)) return type;
    return "application/octet-stream";
}

std::string escape_html(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\'':
                escaped += "&#39;";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

std::string page(const std::string& version, const std::vector<chat::RoomView>& rooms) {
    std::string rows;
    for (const chat::RoomView& room : rooms) {
        if (room.record.visibility != chat::Visibility::public_room) continue;
        rows += fmt::format("<tr><td><bdi>{}</bdi></td><td><bdi>{}</bdi></td><td>{}</td></tr>\n",
                            escape_html(room.record.title), escape_html(room.record.description), room.online);
    }
    return fmt::format(
        R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Globes</title>
</head>
<body>
<h1>Globes</h1>
<p>This is a chat-room server, version {0}. Rooms are made and changed over <code>/chats</code> (REST) and talked in over
<code>/chats/&lt;room&gt;/ws</code> (WebSocket). The protocol and the settings are described in
<code>docs/protocol.md</code> and <code>docs/configuration.md</code>, which come with the server.</p>
<h2>Public rooms</h2>
<table>
<thead><tr><th scope="col">Title</th><th scope="col">Description</th><th scope="col">Online</th></tr></thead>
<tbody>
{1}</tbody>
</table>
<p><a href="/chats?limit=100">The list as JSON</a> · <a href="/health">Health</a></p>
</body>
</html>
)",
        escape_html(version), rows);
}

/// The file that a URL's path names beneath `folder`; none where it leaves the folder, is missing, too large or no
/// file.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder, std::string_view path) {
    std::error_code error;
    const auto root = std::filesystem::canonical(folder, error);
    if (error || path.find('\0') != std::string_view::npos) return std::nullopt;
    auto file = std::filesystem::canonical(root / std::filesystem::path(path).relative_path(), error);
    if (!error && std::filesystem::is_directory(file, error))
        file = std::filesystem::canonical(file / "index.html", error);
    if (error || !std::filesystem::is_regular_file(file, error)) return std::nullopt;
    // Links may lead anywhere: what counts is where they end.
    const auto [root_end, file_at] = std::ranges::mismatch(root, file);
    if (root_end != root.end() || std::filesystem::file_size(file, error) > kLargestFile || error) return std::nullopt;
    return file;
}

net::HttpResponse read_file(const std::filesystem::path& folder, const std::string& path) {
    const auto found = find_file(folder, path);
    if (!found) return error_response(Error{ErrorCode::path_not_found});
    std::ifstream file(*found, std::ios::binary);
    net::HttpResponse response{.content_type = std::string(content_type(*found)),
                               .headers = {{"X-Content-Type-Options", "nosniff"}, {"Cache-Control", "no-cache"}}};
    response.body.assign(std::istreambuf_iterator<char>(file), {});
    if (file.bad() || !file.is_open()) return error_response(Error{ErrorCode::path_not_found});
    return response;
}

/// The weight that `Accept` gives to `type/subtype`; the most specific range counts. `accept`: its elements.
double weight(const std::vector<std::string_view>& accept, std::string_view type, std::string_view full_type) {
    double best = 0;
    int best_precision = 0;
    for (const std::string_view element : accept) {
        const std::size_t semicolon = element.find(';');
        std::string_view range = element.substr(0, semicolon);
        range = range.substr(0, range.find_last_not_of(" \t") + 1);
        const int precision = equals_ignoring_case(range, full_type)                  ? 3
                              : equals_ignoring_case(range, std::string(type) + "/*") ? 2
                              : range == "*/*"                                        ? 1
                                                                                      : 0;
        if (precision == 0 || precision < best_precision) continue;
        const std::size_t q = semicolon == std::string_view::npos ? semicolon : element.find("q=", semicolon);
        best = q == std::string_view::npos ? 1.0 : std::atof(std::string(element.substr(q + 2, 5)).c_str());
        best_precision = precision;
    }
    return best;
}

}  // namespace

bool prefers_html(const net::HttpRequest& request) {
    const auto accept = request.header_list("accept");
    return weight(accept, "text", "text/html") > weight(accept, "application", "application/json");
}

void Site::home(const Exchange& exchange) {
    if (!services_.static_dir.empty()) return file(exchange, "/");
    lane_.ask_core([](const chat::Core& core) { return core.list(0, kListedRooms); },
                   [this, exchange](const std::vector<chat::RoomView>& rooms) {
                       exchange.respond({.content_type = "text/html; charset=utf-8",
                                         .body = page(services_.version, rooms),
                                         .headers = {{"Content-Security-Policy", kPagePolicy},
                                                     {"X-Content-Type-Options", "nosniff"},
                                                     {"Cache-Control", "no-store"},
                                                     {"Vary", "Accept"}}});
                   });
}

void Site::file(const Exchange& exchange, std::string_view path) {
    const bool posted = lane_.try_work(
        services_.files, [folder = services_.static_dir, path = std::string(path)] { return read_file(folder, path); },
        [exchange](net::HttpResponse response) { exchange.respond(std::move(response)); });
    if (!posted) exchange.respond_error(Error{ErrorCode::unavailable});
}

}  // namespace globes::api
