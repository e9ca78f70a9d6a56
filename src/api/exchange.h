// A request that waits for its response, as the handlers see it. Each handler owns a copy; I/O thread of the request
// only.
#pragma once

#include <coroutine>
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
    void respond_error(const Error& error) const { respond(error_response(error)); }

    /// Takes `units` of what the client's address may use. Returns whether that exceeds the limit; the response is 429
    /// then, and the connection closes, unless it is a proxy's.
    bool exceeds(net::AddressLimit limit, std::uint64_t units = 1) const;
    /// The response is 429 for a limit of the address, see `exceeds`. `page`: in place of the error.
    void refuse_guess(net::ClientAddress::Wait wait, std::optional<net::HttpResponse> page = {}) const;
    /// Refuses the request of a page that may not use the server, see `is_origin_allowed`.
    void refuse_origin() const;

    // --- guesses: lookups of rooms by what the client names ---
    // A lookup counts as a guess before it is made, so that requests in parallel do not learn more than others. Copies
    // share the guess.

    /// Takes a guess. The time to wait if the address has made too many: then the handler MUST NOT tell what it finds.
    /// `keep_guess` or `give_back_guess` follows; without one of them, nothing was looked up, and the last copy of this
    /// object gives the guess back.
    std::optional<net::ClientAddress::Wait> take_guess();
    /// The room does not exist. Nothing if no guess is taken, as in the second lookup of a request.
    void keep_guess() const {
        if (guess_ != nullptr) guess_->is_taken = false;
    }
    /// The room exists: a client that knows it may look it up as often as the other limits allow.
    void give_back_guess() const {
        if (guess_ != nullptr) guess_->give_back();
    }

    /// Ends HTTP on the connection, see net::HttpExchange.
    auto take_over() const { return http_->take_over(); }

private:
    struct Guess {
        explicit Guess(net::ClientAddress guesser) : client(std::move(guesser)) {}
        Guess(const Guess&) = delete;
        Guess& operator=(const Guess&) = delete;
        ~Guess() { give_back(); }
        void give_back() {
            if (std::exchange(is_taken, false)) client.give_back(net::AddressLimit::guesses);
        }

        const net::ClientAddress client;
        bool is_taken = true;
    };

    void refuse(net::HttpResponse refusal) const;

    std::shared_ptr<net::HttpExchange> http_;
    const Services* services_;
    std::shared_ptr<Guess> guess_;  // null before the first one
    bool varies_by_accept_ = false;
};

/// `co_await look_up(exchange, awaiter)`: results in what the awaiter of `CoreLink` results in, and ends the guess:
/// false, null or nothing means that the room does not exist. Every lookup by what a client names goes through it.
template <class Awaiter>
class [[nodiscard]] Lookup {
public:
    Lookup(const Exchange& exchange, Awaiter awaiter) : exchange_(exchange), awaiter_(std::move(awaiter)) {}

    bool await_ready() const noexcept { return awaiter_.await_ready(); }
    auto await_suspend(std::coroutine_handle<> handler) noexcept { return awaiter_.await_suspend(handler); }
    auto await_resume() {
        auto found = awaiter_.await_resume();
        found ? exchange_.give_back_guess() : exchange_.keep_guess();
        return found;
    }

private:
    const Exchange& exchange_;
    Awaiter awaiter_;
};

template <class Awaiter>
Lookup<Awaiter> look_up(const Exchange& exchange, Awaiter awaiter) {
    return {exchange, std::move(awaiter)};
}

/// `co_await find_room(core_link, exchange, key)`: the record of a room; nullopt if the room does not exist. The
/// arguments must outlive the wait.
inline auto find_room(CoreLink& core_link, const Exchange& exchange, const chat::RoomKey& key) {
    return look_up(exchange, core_link.ask_core([&key](const chat::Core& core) -> std::optional<chat::RoomRecord> {
        const chat::Room* room = core.find(key);
        if (room == nullptr) return std::nullopt;
        return room->record();
    }));
}

}  // namespace globes::api
