#include "net/http_message.h"

#include <algorithm>

#include "base/text.h"

namespace globes::net {
namespace {

bool is_token_char(char c) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return is_ascii_alphanumeric(c) || kMarks.contains(c);
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
    const auto found =
        std::ranges::find(headers, name, [](const auto& header) { return std::string_view(header.first); });
    return found == headers.end() ? std::string_view() : found->second;
}

std::vector<std::string_view> HttpRequest::header_list(std::string_view name) const {
    std::vector<std::string_view> elements;
    for (const auto& [key, value] : headers) {
        if (key != name) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            const std::string_view element = trim_blanks(rest.substr(0, comma));
            if (!element.empty()) elements.push_back(element);
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return elements;
}

bool is_http_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

}  // namespace globes::net
