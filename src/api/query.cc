#include "api/query.h"

#include <charconv>

#include "net/router.h"

namespace globes::api {

std::optional<std::string> text_parameter(const net::HttpRequest& request, std::string_view name) {
    for (auto& [key, value] : net::parse_query(request.target))
        if (key == name) return std::move(value);
    return std::nullopt;
}

Result<std::optional<std::uint64_t>> number_parameter(const net::HttpRequest& request, std::string_view name,
                                                      std::uint64_t least, std::uint64_t most) {
    const auto text = text_parameter(request, name);
    if (!text) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, number);
    if (error != std::errc{} || stop != end || number < least || number > most)
        return std::unexpected(Error{ErrorCode::room_invalid_content, name});
    return number;
}

Result<std::optional<chat::CatchUp::LastSeen>> last_seen_parameter(const net::HttpRequest& request,
                                                                   std::optional<std::uint64_t> after) {
    const auto text = text_parameter(request, "at");
    if (!text) return std::nullopt;
    const auto time = parse_rfc3339(*text);
    if (!time || after.value_or(0) == 0) return std::unexpected(Error{ErrorCode::room_invalid_content, "at"});
    return chat::CatchUp::LastSeen{.seq = *after, .time = *time};
}

}  // namespace globes::api
