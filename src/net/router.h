// Finds the handler of a request. Routes are templates of paths, such as `/chats/{room}/token/renew`. Each I/O thread
// has a router, which is filled before the thread starts and only read afterwards.
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

/// `parameters`: the decoded segments that match `{…}`, in the order of the template.
using RouteHandler =
    std::function<void(const std::shared_ptr<HttpExchange>& exchange, const std::vector<std::string>& parameters)>;

class Router {
public:
    struct Match {
        const RouteHandler* handler;  ///< Valid as long as the router.
        std::vector<std::string> parameters;
    };
    /// `allow`: the methods of this path, for the Allow header (`GET, HEAD, PUT`); empty if the path does not exist.
    struct Miss {
        std::string allow;
        bool is_unknown_path() const { return allow.empty(); }
    };

    /// Adds a route. `path`: begins with `/`; a segment is a literal text or `{name}`, which matches any text that is
    /// not empty. A handler for GET serves HEAD too, unless HEAD has its own. The first template that matches is used.
    void add(std::string_view method, std::string_view path, RouteHandler handler);

    /// `target`: as received, with its query. The path is split before its segments are percent-decoded, so `%2F` is a
    /// part of a segment and not a separator. A segment that does not decode to UTF-8 matches no route. An additional
    /// slash makes a different path.
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

/// Returns `target` without its query.
std::string_view target_path(std::string_view target);

/// Decodes `%XX`; `+` is not changed. Returns nothing if a `%` is not followed by two hexadecimal digits or if the
/// result is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text);

/// Returns the first parameter of the query with this name, decoded; a `name` without `=` has an empty value. `+` is a
/// plus, not a space (RFC 3986; these are not form data). A part that cannot be decoded is returned unchanged, so that
/// the handler refuses it as a value. Allocates only for the result and for names with a `%`.
std::optional<std::string> query_parameter(std::string_view target, std::string_view name);

}  // namespace globes::net
