// A request that waits for its answer, as the handlers see it, and small pieces that all of them use. I/O thread only;
// the last copy must go there too.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/core_link.h"
#include "api/request.h"
#include "api/services.h"
#include "api/wire/errors.h"
#include "chat/room_key.h"
#include "net/http_session.h"

namespace globes::api {

class Exchange {
public:
    Exchange(std::shared_ptr<net::HttpExchange> http, const Services& services)
        : http_(std::move(http)), services_(&services) {}

    const net::HttpRequest& request() const { return http_->request(); }

    /// Whether the client prefers the page to JSON. The answer, be it an error, depends on `Accept` from then on, and
    /// says so: otherwise a browser that comes back to the page may show the JSON that the page itself has asked for.
    bool prefers_html() {
        varies_by_accept_ = true;
        return api::prefers_html(request());
    }

    /// Answers, with the headers for caches and for CORS that are due.
    void respond(net::HttpResponse response) const;
    void respond_json(int status, std::string body) const { respond({.status = status, .body = std::move(body)}); }
    void respond_error(const Error& error) const { respond(error_response(error)); }

    /// Ends HTTP on the connection, see net::HttpExchange.
    auto take_over() const { return http_->take_over(); }

private:
    std::shared_ptr<net::HttpExchange> http_;
    const Services* services_;
    bool varies_by_accept_ = false;
};

/// Asks the core for the record of a room and goes on with `then(record)`; 404 where there is no such room.
template <class Then>
void with_room(CoreLink& core_link, const Exchange& exchange, const chat::RoomKey& key, Then then) {
    core_link.ask_core(
        [key](const chat::Core& core) {
            const chat::Room* room = core.find(key);
            return room == nullptr ? std::nullopt : std::optional(room->record());
        },
        [exchange, then = std::move(then)](std::optional<chat::RoomRecord> record) mutable {
            if (!record) return exchange.respond_error(Error{ErrorCode::room_not_found});
            then(std::move(*record));
        });
}

}  // namespace globes::api
