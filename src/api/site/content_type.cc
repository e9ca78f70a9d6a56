#include "api/site/content_type.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace globes::api {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";

constexpr auto kContentTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"html", kHtml},
    {"htm", kHtml},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"json", "application/json; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"ts", "text/plain; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"wasm", "application/wasm"},
});

}  // namespace

std::string_view content_type(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0: no folder.
    const std::size_t dot = name.rfind('.');
    if (dot != std::string_view::npos && dot > 0)
        for (const auto& [extension, type] : kContentTypes)
            if (equals_ignoring_case(name.substr(dot + 1), extension)) return type;
    return "application/octet-stream";
}

bool is_page(std::string_view path) { return content_type(path) == kHtml; }

}  // namespace globes::api
