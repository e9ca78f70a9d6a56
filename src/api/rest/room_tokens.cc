#include "api/rest/room_tokens.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "api/access.h"
#include "api/request.h"
#include "api/wire/errors.h"
#include "api/wire/room.h"
#include "chat/event.h"
#include "chat/passwords.h"

namespace globes::api {
namespace {

net::HttpResponse wrong_secret() { return error_response(Error{ErrorCode::unauthorized, "secret"}); }

net::HttpResponse too_many_tries(std::chrono::seconds wait) {
    return error_response(Error{ErrorCode::too_many_requests}, 0, static_cast<int>(wait.count()));
}

/// The refusal of a try; nullopt if the secret is right. Worker thread: takes as long as a hash.
std::optional<net::HttpResponse> check_secret(const std::string& secret, const std::string& peer,
                                              const chat::RoomRecord& room, Services& services) {
    chat::PasswordThrottle& throttle = services.throttle;
    // Asked directly before the hash, so that tries that were queued in parallel do not bypass it.
    if (const auto wait = throttle.refused(peer, room.id, services.clock.steady())) return too_many_tries(*wait);
    if (chat::verify_password(secret, room.password_hash)) return std::nullopt;
    if (const auto wait = throttle.note_wrong(peer, room.id, services.clock.steady())) return too_many_tries(*wait);
    return wrong_secret();
}

}  // namespace

Handler RoomTokens::request(Exchange exchange, chat::RoomKey key) {
    const auto room = co_await find_room(core_link_, key);
    if (!room) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
    if (room->visibility == chat::Visibility::public_room) co_return exchange.respond_json(200, kStatusOk);
    if (exchange.exceeds(net::AddressLimit::tokens)) co_return;
    const TokenRequest wanted = parse_token_request(exchange.request().body);
    if (!wanted.secret) co_return exchange.respond(wrong_secret());

    const net::ClientAddress& client = exchange.request().client;
    // Also before the queue, so that refused tries take no place there.
    if (const auto wait = services_.throttle.refused(client.range(), room->id, services_.clock.steady()))
        co_return exchange.respond(too_many_tries(*wait));
    auto refusal = co_await core_link_.run_on_worker(services_.hashing, client.asker(), [&] {
        return check_secret(*wanted.secret, client.range(), *room, services_);
    });
    if (!refusal) co_return exchange.respond_error(refusal.error());
    if (*refusal) co_return exchange.respond(std::move(**refusal));
    if (!wanted.name || !chat::is_valid_name(*wanted.name))
        co_return exchange.respond_error(Error{ErrorCode::invalid_json, "name"});
    const std::string token = services_.tokens.issue_room_token(*room, *wanted.name);
    exchange.respond_json(201, token_json(*wanted.name, room->id, token));
}

Handler RoomTokens::renew(Exchange exchange, chat::RoomKey key) {
    const auto room = co_await find_room(core_link_, key);
    if (!room) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
    const auto claims = may_enter(*room, bearer_token(exchange.request()), services_.tokens);
    if (!claims) co_return exchange.respond_error(claims.error());
    if (!*claims) co_return exchange.respond_json(200, kStatusOk);
    const std::string& name = (*claims)->username;
    const std::string token = (*claims)->owner ? services_.tokens.issue_owner_token(*room, name)
                                               : services_.tokens.issue_room_token(*room, name);
    exchange.respond_json(201, token_json(name, room->id, token));
}

}  // namespace globes::api
