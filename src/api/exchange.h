// A request that waits for its response, as the handlers see it. Each handler owns a copy; I/O thread of the request
// only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/core_link.h"
#include "api/handler.h"
#include "api/request.h"
#include "api/services.h"
#include "api/wire/errors.h"
#include "chat/room_record.h"
#include "net/http_session.h"

namespace globes::api {

/// The header of responses with a token, which no cache may store (RFC 9111, 5.2.2.5).
inline constexpr std::pair<const char*, const char*> kNotStored{"Cache-Control", "no-store"};

/// Copies share the request. When the last of them is destroyed and nothing was sent, the response is 500. Thread: the
/// I/O thread of the request, the destructor included.
class Exchange {
public:
    Exchange(std::shared_ptr<net::HttpExchange> http, const Services& services)
        : http_(std::move(http)), services_(&services) {}

    const net::HttpRequest& request() const { return http_->request(); }

    /// Whether the client prefers the page to JSON. From then on the response has `Vary: Accept`, errors included.
    /// Without it, a browser that returns to the page could show JSON that the page itself has requested.
    bool prefers_html() {
        varies_by_accept_ = true;
        return api::prefers_html(request());
    }

    /// Sends the response, with the headers for caches and for CORS.
    void respond(net::HttpResponse response) const;
    void respond_json(int status, std::string body) const { respond({.status = status, .body = std::move(body)}); }
    /// A room that does not exist counts as a guess.
    void respond_error(const Error& error) const;

    /// Takes `units` of what the client's address may use. Returns whether that exceeds the limit; the response is 429
    /// then, and the connection closes, unless it is a proxy's.
    bool exceeds(net::AddressLimit limit, std::uint64_t units = 1) const;
    /// As `exceeds` for one unit, without taking it.
    bool has_reached(net::AddressLimit limit) const;

    /// Ends HTTP on the connection, see net::HttpExchange.
    auto take_over() const { return http_->take_over(); }

private:
    bool refuse_after(std::optional<net::ClientAddress::Wait> wait) const;

    std::shared_ptr<net::HttpExchange> http_;
    const Services* services_;
    bool varies_by_accept_ = false;
};

/// `co_await find_room(core_link, key)`: the record of a room; nullopt if the room does not exist. `key` must outlive
/// the wait.
inline auto find_room(CoreLink& core_link, const chat::RoomKey& key) {
    return core_link.ask_core([&key](const chat::Core& core) -> std::optional<chat::RoomRecord> {
        const chat::Room* room = core.find(key);
        if (room == nullptr) return std::nullopt;
        return room->record();
    });
}

}  // namespace globes::api
