#include "api/rest/room_tokens.h"

#include <chrono>
#include <optional>
#include <utility>

#include "api/access.h"
#include "api/wire/errors.h"
#include "api/wire/room.h"
#include "chat/event_rules.h"
#include "chat/passwords.h"

namespace globes::api {
namespace {

constexpr const char* kNothingNeeded = R"({"status":true})";

net::HttpResponse wrong_secret() { return error_response(Error{ErrorCode::unauthorized, "secret"}); }

net::HttpResponse too_many_tries(std::chrono::seconds wait) {
    return error_response(Error{ErrorCode::too_many_requests}, 0, static_cast<int>(wait.count()));
}

/// The verdict on one try; none where the secret is right. Worker thread: takes as long as the hash does.
std::optional<net::HttpResponse> judge(const std::string& secret, const std::string& peer, const chat::RoomRecord& room,
                                       const Clock& clock, chat::PasswordThrottle& throttle) {
    // Asked here, in front of the hash: tries that were queued in parallel don't get round it.
    if (const auto wait = throttle.refused(peer, room.id, clock.steady())) return too_many_tries(*wait);
    if (chat::verify_password(secret, room.password_hash)) return std::nullopt;
    if (const auto wait = throttle.note_wrong(peer, room.id, clock.steady())) return too_many_tries(*wait);
    return wrong_secret();
}

}  // namespace

void RoomTokens::request(const Exchange& exchange, const chat::RoomKey& key) {
    with_room(core_link_, exchange, key, [this, exchange](const chat::RoomRecord& room) {
        if (room.visibility == chat::Visibility::public_room) return exchange.respond_json(200, kNothingNeeded);
        check_secret(exchange, room);
    });
}

void RoomTokens::check_secret(const Exchange& exchange, const chat::RoomRecord& room) {
    TokenRequest request = parse_token_request(exchange.request().body);
    if (!request.secret) return exchange.respond(wrong_secret());
    auto answer = [this, exchange, room, name = std::move(request.name)](std::optional<net::HttpResponse> refusal) {
        if (refusal) return exchange.respond(std::move(*refusal));
        if (!name || !chat::is_valid_name(*name)) return exchange.respond_error(Error{ErrorCode::invalid_json, "name"});
        exchange.respond_json(201, token_json(*name, room.id, services_.tokens.issue_room_token(room, *name)));
    };
    const bool posted = core_link_.try_work(
        services_.hashing,
        [&services = services_, room, secret = std::move(*request.secret), peer = exchange.request().peer_address] {
            return judge(secret, peer, room, services.clock, services.throttle);
        },
        std::move(answer));
    if (!posted) exchange.respond_error(Error{ErrorCode::unavailable});
}

void RoomTokens::renew(const Exchange& exchange, const chat::RoomKey& key) {
    with_room(core_link_, exchange, key, [this, exchange](const chat::RoomRecord& room) {
        const auto claims = may_enter(room, bearer_token(exchange.request()), services_.tokens);
        if (!claims) return exchange.respond_error(claims.error());
        if (!*claims) return exchange.respond_json(200, kNothingNeeded);
        const std::string& name = (*claims)->username;
        const std::string token = (*claims)->owner ? services_.tokens.issue_owner_token(room, name)
                                                   : services_.tokens.issue_room_token(room, name);
        exchange.respond_json(201, token_json(name, room.id, token));
    });
}

}  // namespace globes::api
