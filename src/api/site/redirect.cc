#include "api/site/redirect.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "api/hosts.h"
#include "api/open_files.h"
#include "api/request.h"
#include "api/site/files.h"
#include "api/wire/errors.h"
#include "base/host.h"
#include "net/router.h"

namespace globes::api {
namespace {

constexpr int kPermanentRedirect = 308;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::string_view kChallenges = "/.well-known/acme-challenge/";

}  // namespace

void Redirect::handle(std::shared_ptr<net::HttpExchange> http) {
    const Exchange exchange(std::move(http), services_);
    const net::HttpRequest& request = exchange.request();
    if (exchange.exceeds(is_probe(request) ? net::AddressLimit::probes : net::AddressLimit::requests)) return;
    const std::string_view path = net::target_path(request.target);
    const bool reads = request.method == "GET" || request.method == "HEAD";
    // A certificate authority follows no rule for hosts: the name may not be in `Hosts` yet.
    if (reads && path.starts_with(kChallenges) && !settings_.challenge_dir.empty()) {
        challenge(exchange, std::string(path));
        return;
    }
    const auto host = parse_host(host_text(request));
    if (!host || !request.target.starts_with('/')) return exchange.respond_error(Error{ErrorCode::bad_request});
    if (auto refusal = host_refusal(request, services_.hosts, services_.refusal_log))
        return exchange.respond(*std::move(refusal));
    const std::string port = settings_.https_port == kHttpsPort ? "" : fmt::format(":{}", settings_.https_port);
    exchange.respond({.status = kPermanentRedirect,
                      .headers = {{"Location", fmt::format("https://{}{}{}", host->name, port, request.target)}},
                      .close = true});
}

Handler Redirect::challenge(Exchange exchange, std::string path) {
    const net::ClientAddress& client = exchange.request().client;
    const PagePolicy policy{};
    OpenFiles one(1);
    auto answer = co_await core_link_.run_on_worker(services_.files, client.asker(), [&] {
        return static_answer(settings_.challenge_dir, path, policy, one.permits_of(client));
    });
    if (!answer) co_return exchange.respond_error(answer.error());
    if (answer->rest) co_return exchange.respond_error(Error{ErrorCode::path_not_found});  // not a challenge: too large
    exchange.respond(std::move(answer->response));
}

}  // namespace globes::api
