// Which handler serves a request: paths as templates, such as `/chats/{room}/token/renew`. Filled once by whoever sets
// up an I/O thread, then only read, by that thread.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace globes::net {

class HttpExchange;

/// `parameters`: the decoded segments that stand in the places of `{…}`, in the template's order.
using RouteHandler =
    std::function<void(const std::shared_ptr<HttpExchange>& exchange, const std::vector<std::string>& parameters)>;

class Router {
public:
    struct Match {
        const RouteHandler* handler;  ///< Lives as long as the router.
        std::vector<std::string> parameters;
    };
    /// `allow`: what the path allows instead, for the Allow header (`GET, HEAD, PUT`); empty where no such path exists.
    struct Miss {
        std::string allow;
        bool is_unknown_path() const { return allow.empty(); }
    };

    /// `path`: begins with `/`; a segment is text to match or `{name}`, which stands for any text but none. A handler
    /// for GET serves HEAD too, unless that has one of its own. Where several templates fit, the first one added is
    /// taken.
    void add(std::string_view method, std::string_view path, RouteHandler handler);

    /// `target`: as it came, with its query. Segments are percent-decoded after the path was split, so `%2F` is part of
    /// one and never parts two. What does not decode to UTF-8 fits nothing. A slash too many makes another path.
    std::expected<Match, Miss> match(std::string_view method, std::string_view target) const;

private:
    struct Segment {
        bool is_parameter;
        std::string text;
    };
    struct Route {
        std::string method;
        std::vector<Segment> path;
        RouteHandler handler;
    };
    static bool fits(const Route& route, const std::vector<std::string>& segments);

    std::vector<Route> routes_;
};

/// `target` without its query.
std::string_view target_path(std::string_view target);

/// Decodes `%XX`; `+` is itself. None where a `%` is followed by anything else, or the result is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text);

/// The parameters of the query, decoded and in order; `name` alone has an empty value. `+` is a plus, not a blank
/// (RFC 3986; forms are not sent here). What can't be decoded stays as it came, so that it is refused as a value.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view target);

}  // namespace globes::net
