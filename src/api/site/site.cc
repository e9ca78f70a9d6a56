#include "api/site/site.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/wire/errors.h"

namespace globes::api {
namespace {

using Http = std::shared_ptr<net::HttpExchange>;
using Parameters = std::vector<std::string>;

const EmbeddedFile& embedded_index() {
    static const auto found = std::ranges::find(embedded_site(), kIndexPath, &EmbeddedFile::path);
    assert(found != embedded_site().end());
    return *found;
}

/// The parts of a file of the folder, which a worker reads.
class FileParts final : public net::BodyParts {
public:
    FileParts(CoreLink& core_link, WorkerPool& workers, Asker asker, FileReader reader, OpenFiles::Permit permit)
        : core_link_(core_link),
          workers_(workers),
          asker_(asker),
          permit_(std::move(permit)),
          reader_(std::make_shared<FileReader>(std::move(reader))) {}

    void read(Done done) override { read(core_link_, workers_, asker_, reader_, std::move(done)); }

private:
    static Handler read(CoreLink& core_link, WorkerPool& workers, Asker asker, std::shared_ptr<FileReader> reader,
                        Done done) {
        auto part = co_await core_link.run_on_worker(workers, asker, [&] { return reader->read(); });
        done(part ? *std::move(part) : std::nullopt);
    }

    CoreLink& core_link_;
    WorkerPool& workers_;
    const Asker asker_;
    const OpenFiles::Permit permit_;
    const std::shared_ptr<FileReader> reader_;
};

}  // namespace

Site::Site(CoreLink& core_link, Services& services)
    : core_link_(core_link),
      services_(services),
      policy_{.frame_ancestors = services.frame_ancestors, .is_shared = !services.allowed_origins.empty()} {}

void Site::add_routes(net::Router& router) {
    router.add("GET", "/", [this](const Http& http, const Parameters&) { page(Exchange(http, services_)); });
    if (!services_.static_dir.empty()) return;
    for (const EmbeddedFile& file : embedded_site()) {
        router.add("GET", file.path, [this, &file](const Http& http, const Parameters&) {
            Exchange(http, services_).respond(embedded_answer(http->request(), file, policy_));
        });
    }
}

void Site::page(const Exchange& exchange, int status, std::optional<net::ClientAddress::Wait> wait) {
    if (!services_.static_dir.empty()) {
        respond_from_folder(
            exchange,
            [this, status](const OpenFiles::Permits& permits) {
                return static_page_answer(services_.static_dir, policy_, permits, status);
            },
            wait);
        return;
    }
    respond(exchange, embedded_answer(exchange.request(), embedded_index(), policy_, status), wait);
}

void Site::respond(const Exchange& exchange, net::HttpResponse response, std::optional<net::ClientAddress::Wait> wait) {
    wait ? exchange.refuse_guess(*wait, std::move(response)) : exchange.respond(std::move(response));
}

Handler Site::room_page(Exchange exchange, chat::RoomKey key) {
    const bool exists = co_await look_up(
        exchange, core_link_.ask_core([&](const chat::Core& core) { return core.find(key) != nullptr; }));
    page(exchange, exists ? 200 : 404);
}

void Site::unrouted(Exchange exchange) {
    const net::HttpRequest& request = exchange.request();
    const bool reads = request.method == "GET" || request.method == "HEAD";
    const auto path = net::percent_decode(net::target_path(request.target));
    if (reads && path && !services_.static_dir.empty()) return static_file(exchange, *path);
    if (reads && exchange.prefers_html()) return page(exchange, 404);
    exchange.respond_error(Error{ErrorCode::path_not_found});
}

void Site::static_file(Exchange exchange, std::string path) {
    const bool wants_page = exchange.prefers_html();
    respond_from_folder(exchange, [this, path = std::move(path), wants_page](const OpenFiles::Permits& permits) {
        StaticAnswer answer = static_answer(services_.static_dir, path, policy_, permits);
        if (answer.response.status != 404 || !wants_page) return answer;
        return static_page_answer(services_.static_dir, policy_, permits, 404);
    });
}

Handler Site::respond_from_folder(Exchange exchange, std::function<StaticAnswer(const OpenFiles::Permits&)> make,
                                  std::optional<net::ClientAddress::Wait> wait) {
    const net::ClientAddress& client = exchange.request().client;
    const Asker asker = client.asker();
    auto answer = co_await core_link_.run_on_worker(services_.files, asker,
                                                    [&] { return make(services_.open_files.permits_of(client)); });
    if (!answer) co_return exchange.respond_error(answer.error());
    if (answer->rest)
        answer->response.rest = std::make_shared<FileParts>(core_link_, services_.files, asker,
                                                            *std::move(answer->rest), std::move(answer->permit));
    respond(exchange, std::move(answer->response), wait);
}

}  // namespace globes::api
