#include "api/request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <span>

#include "base/text.h"
#include "net/router.h"

namespace globes::api {
namespace {

constexpr std::string_view kBearer = "bearer";

/// The name of an element such as `text/html;level=1;q=0.5`, without parameters.
std::string_view name_of(std::string_view element) { return trim_blanks(element.substr(0, element.find(';'))); }

/// Its weight.
double weight_of(std::string_view element) {
    std::size_t end = std::min(element.find(';'), element.size());
    double result = 1;
    for (std::size_t count = 0; end < element.size() && count < kMaxListElements; ++count) {
        element.remove_prefix(end + 1);
        end = std::min(element.find(';'), element.size());
        const std::string_view parameter = trim_blanks(element.substr(0, end));
        if (parameter.size() < 2 || !equals_ignoring_case(parameter.substr(0, 2), "q=")) continue;
        double weight = 0;
        const char* const last = parameter.data() + parameter.size();
        const auto [stop, error] = std::from_chars(parameter.data() + 2, last, weight, std::chars_format::fixed);
        // An invalid weight counts as 0, so that another element of the list wins.
        result = error == std::errc{} && stop == last && weight >= 0 && weight <= 1 ? weight : 0;
    }
    return result;
}

/// The weight of the first of `names` that the header contains. `names`: the most specific first.
std::optional<double> weight(const net::HttpRequest& request, std::string_view header,
                             std::initializer_list<std::string_view> names) {
    const auto elements = request.header_list(header, kMaxListElements);
    for (const std::string_view name : names)
        for (const std::string_view element : elements)
            if (equals_ignoring_case(name_of(element), name)) return weight_of(element);
    return std::nullopt;
}

/// 0 if the client refuses it.
double coding_weight(const net::HttpRequest& request, Coding coding) {
    constexpr std::string_view kHeader = "accept-encoding";
    // Identity is acceptable unless it is refused, but a client that names a coding prefers that coding.
    constexpr double kUnnamed = 0.0001;
    switch (coding) {
        case Coding::brotli:
            return weight(request, kHeader, {"br", "*"}).value_or(0);
        case Coding::gzip:
            return weight(request, kHeader, {"gzip", "x-gzip", "*"}).value_or(0);
        case Coding::identity:
            break;
    }
    return weight(request, kHeader, {"identity", "*"}).value_or(kUnnamed);
}

/// The segments of routes that are not in front of a room or behind it.
constexpr std::array<std::string_view, 6> kPlainPaths{"", "*", "health", "ready", "metrics", "favicon.ico"};

/// The parts of paths behind a room.
constexpr std::array<std::string_view, 6> kRoomPaths{"", "events", "token", "renew", "ws", "entrance"};

bool is_one_of(std::span<const std::string_view> segments, std::string_view segment) {
    return std::ranges::find(segments, segment) != segments.end();
}

/// False for random ids, and for nearly all beginnings of them.
bool is_counted_id(std::string_view segment) {
    constexpr std::size_t kMaxDigits = 9;
    return segment.size() <= kMaxDigits && std::ranges::all_of(segment, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view opaque_part(std::string_view etag) { return etag.starts_with("W/") ? etag.substr(2) : etag; }

}  // namespace

std::string_view bearer_token(const net::HttpRequest& request) {
    const std::string_view value = request.header("authorization");
    const std::size_t space = value.find(' ');
    if (space == std::string_view::npos || !equals_ignoring_case(value.substr(0, space), kBearer)) return {};
    const std::size_t token = value.find_first_not_of(' ', space);
    return token == std::string_view::npos ? std::string_view{} : value.substr(token);
}

std::optional<std::string> text_parameter(const net::HttpRequest& request, std::string_view name) {
    return net::query_parameter(request.target, name);
}

bool is_probe(const net::HttpRequest& request) {
    const std::string_view path = net::target_path(request.target);
    return path == "/health" || path == "/ready";
}

bool has_too_many_parameters(const net::HttpRequest& request) {
    const std::size_t query = net::target_path(request.target).size();
    return std::ranges::count(std::string_view(request.target).substr(query), '&') >=
           static_cast<std::ptrdiff_t>(kMaxParameters);
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

std::string loggable_path(std::string_view target, int status) {
    const bool leads_to_a_file = status == 200 || status == 304;
    // Any position, because a request may have a slash too many, or the folder of a proxy.
    enum class Place : std::uint8_t { before_rooms, room, behind_room };
    Place place = Place::before_rooms;
    std::string path;
    for (const auto range : std::views::split(target.substr(0, target.find_first_of("?#")), '/')) {
        const std::string_view segment(range.begin(), range.end());
        if (range.begin() != target.begin()) path += '/';
        switch (place) {
            case Place::before_rooms:
                // The router decodes the path too.
                if (equals_ignoring_case(net::percent_decode(segment).value_or(""), "chats")) place = Place::room;
                path += leads_to_a_file || place == Place::room || is_one_of(kPlainPaths, segment) ? segment : "*";
                break;
            case Place::room:
                path += segment.empty() || is_counted_id(segment) ? segment : "*";
                if (!segment.empty()) place = Place::behind_room;
                break;
            case Place::behind_room:
                path += is_one_of(kRoomPaths, segment) ? segment : "*";
                break;
        }
    }
    return path;
}

std::string_view coding_name(Coding coding) {
    constexpr std::array<std::string_view, 3> kNames{"br", "gzip", "identity"};
    return kNames.at(static_cast<std::size_t>(coding));
}

bool prefers_html(const net::HttpRequest& request) {
    const double html = weight(request, "accept", {"text/html", "text/*", "*/*"}).value_or(0);
    return html > weight(request, "accept", {"application/json", "application/*", "*/*"}).value_or(0);
}

Coding choose_coding(const net::HttpRequest& request, bool has_gzip, bool has_brotli) {
    Coding best = Coding::identity;
    double best_weight = coding_weight(request, Coding::identity);
    const auto consider = [&](Coding coding) {
        const double offered = coding_weight(request, coding);
        if (offered == 0 || offered < best_weight) return;
        best = coding;
        best_weight = offered;
    };
    if (has_gzip) consider(Coding::gzip);
    if (has_brotli) consider(Coding::brotli);
    return best;
}

bool has_current_form(const net::HttpRequest& request, std::string_view etag) {
    return std::ranges::any_of(request.header_list("if-none-match", kMaxListElements), [&](std::string_view known) {
        return known == "*" || opaque_part(known) == opaque_part(etag);
    });
}

}  // namespace globes::api
