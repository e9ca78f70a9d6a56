#include "api/rest/room_tokens.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "api/access.h"
#include "api/request.h"
#include "api/rest/room_change.h"
#include "api/wire/errors.h"
#include "api/wire/room.h"
#include "chat/event.h"
#include "chat/passwords.h"

namespace globes::api {
namespace {

net::HttpResponse wrong_secret() { return error_response(Error{ErrorCode::unauthorized, "secret"}); }

net::HttpResponse too_many_tries(std::chrono::seconds wait) {
    return limit_response("wrong_passwords", static_cast<int>(wait.count()));
}

/// Of a room, by all addresses.
net::HttpResponse too_many_checks(std::chrono::milliseconds wait) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
    return error_response(Error{ErrorCode::unavailable}, 0, static_cast<int>(seconds.count()));
}

/// What has become of a try.
struct Checked {
    std::optional<net::HttpResponse> refusal;  ///< Nothing if the secret is right.
    bool is_wrong = false;                     ///< A hash has shown that.
};

/// Worker thread: takes as long as a hash.
Checked check_secret(const std::string& secret, const chat::Guesser& client, const chat::RoomRecord& room,
                     Services& services) {
    chat::PasswordThrottle& throttle = services.throttle;
    // Asked directly before the hash, so that tries that were queued in parallel do not bypass it.
    if (const auto wait = throttle.refused(client, room.id, services.clock.steady()))
        return {.refusal = too_many_tries(*wait)};
    if (chat::verify_password(secret, room.password_hash)) return {};
    const auto wait = throttle.note_wrong(client, room.id, services.clock.steady());
    return {.refusal = wait ? too_many_tries(*wait) : wrong_secret(), .is_wrong = true};
}

}  // namespace

Handler RoomTokens::request(Exchange exchange, chat::RoomKey key) {
    const auto room = co_await find_room(core_link_, exchange, key);
    if (!room) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
    if (room->visibility == chat::Visibility::public_room) co_return exchange.respond_json(200, kStatusOk);
    if (exchange.exceeds(net::AddressLimit::tokens)) co_return;
    const TokenRequest wanted = parse_token_request(exchange.request().body);
    if (!wanted.secret) co_return exchange.respond(wrong_secret());

    const net::ClientAddress& client = exchange.request().client;
    // Also before the queue, so that refused tries take no place there.
    const auto now = services_.clock.steady();
    const std::string range = client.range().text();
    const std::string network = client.network().text();
    const chat::Guesser guesser{.address = range, .network = network};
    if (const auto wait = services_.throttle.refused(guesser, room->id, now))
        co_return exchange.respond(too_many_tries(*wait));
    const bool has_failed = services_.throttle.has_failed(guesser, room->id, now);
    auto check = services_.password_pace.reserve(guesser, room->id, has_failed, now);
    if (!check) co_return exchange.respond(too_many_checks(services_.password_pace.longest_delay()));
    co_await core_link_.wait(check->delay());
    auto checked = co_await core_link_.run_on_worker(
        services_.hashing, client.asker(), [&] { return check_secret(*wanted.secret, guesser, *room, services_); });
    if (!checked) co_return exchange.respond_error(checked.error());
    if (checked->is_wrong) check->keep();
    check.reset();
    if (checked->refusal) co_return exchange.respond(std::move(*checked->refusal));
    if (!wanted.name || !chat::is_valid_name(*wanted.name))
        co_return exchange.respond_error(Error{ErrorCode::invalid_json, "name"});
    respond_token(exchange, 201, *room, *wanted.name, false);
}

Handler RoomTokens::renew(Exchange exchange, chat::RoomKey key) {
    const auto room = co_await find_room(core_link_, exchange, key);
    if (!room) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
    const auto claims = may_enter(*room, bearer_token(exchange.request()), services_.tokens);
    if (!claims) co_return exchange.respond_error(claims.error());
    if (!*claims) co_return exchange.respond_json(200, kStatusOk);
    respond_token(exchange, 201, *room, (*claims)->username, (*claims)->owner);
}

Handler RoomTokens::end_owner_tokens(Exchange exchange, chat::RoomKey key) {
    for (;;) {
        const auto current = co_await find_room(core_link_, exchange, key);
        if (!current) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
        const auto owner = must_be_owner(*current, bearer_token(exchange.request()), services_.tokens);
        if (!owner) co_return exchange.respond_error(owner.error());
        chat::RoomRecord next = *current;
        next.owner_epoch = chat::new_token_epoch(next.owner_epoch);

        const auto changed =
            co_await core_link_.ask_core_later<Changed<chat::RoomView>>([&](chat::Core& core, auto reply) {
                auto [changed_meanwhile, done] = callbacks<chat::RoomView>(std::move(reply));
                core.admin().update(*current, std::move(next), std::move(changed_meanwhile), std::move(done));
            });
        if (!changed) {
            key = key_of(current->id);
            continue;
        }
        if (!*changed) co_return exchange.respond_error(changed->error());
        co_return respond_token(exchange, 200, (*changed)->record, owner->username, true);
    }
}

void RoomTokens::respond_token(const Exchange& exchange, int status, const chat::RoomRecord& room,
                               const std::string& name, bool owner) {
    const std::string token =
        owner ? services_.tokens.issue_owner_token(room, name) : services_.tokens.issue_room_token(room, name);
    net::HttpResponse response{.status = status, .body = token_json(name, room.id, token)};
    response.headers.emplace_back(kNotStored);
    exchange.respond(std::move(response));
}

}  // namespace globes::api
