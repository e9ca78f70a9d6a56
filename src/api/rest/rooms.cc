#include "api/rest/rooms.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/access.h"
#include "api/request.h"
#include "api/rest/room_change.h"
#include "api/wire/errors.h"
#include "api/wire/room.h"
#include "base/text.h"
#include "chat/passwords.h"
#include "chat/room_rules.h"

namespace globes::api {
namespace {

constexpr std::uint64_t kDefaultPageSize = 100;
constexpr std::uint64_t kMaxPageSize = 1000;

/// `co_await may_create(core_link, record)`: whether this room may be created. `record` must outlive the wait.
auto may_create(CoreLink& core_link, const chat::RoomRecord& record) {
    return core_link.ask_core([&record](chat::Core& core) { return core.admin().may_create(record); });
}

/// A title that a client gives to a room counts as a guess, whether it is taken or not: both tell whether a hidden room
/// has it. Returns whether the address has made too many; the response is 429 then.
bool guesses_title(Exchange& exchange) {
    const auto wait = exchange.take_guess();
    if (wait)
        exchange.refuse_guess(*wait);
    else
        exchange.keep_guess();
    return wait.has_value();
}

/// Counts `more` requests. The request itself has counted already and is given back meanwhile, because all together may
/// be as many as the limit has.
bool exceeds_with(const Exchange& exchange, const Clock& clock, std::uint64_t more) {
    const net::ClientAddress& client = exchange.request().client;
    client.give_back(net::AddressLimit::requests);
    if (!exchange.exceeds(net::AddressLimit::requests, more + 1)) return false;
    client.take(net::AddressLimit::requests, clock.steady());
    return true;
}

}  // namespace

Handler Rooms::list(Exchange exchange) {
    const auto limit = number_parameter(exchange.request(), "limit", 1, kMaxPageSize);
    if (!limit) co_return exchange.respond_error(limit.error());
    const auto after = number_parameter(exchange.request(), "after", 0, chat::kEndOfRoomIds - 1);
    if (!after) co_return exchange.respond_error(after.error());
    const std::uint64_t size = limit->value_or(kDefaultPageSize);
    // A list costs as much as its rooms.
    const std::uint64_t pages = (size - 1) / kDefaultPageSize;
    if (pages > 0 && exceeds_with(exchange, services_.clock, pages)) co_return;
    // The core copies the rooms. A hundred long lists at once would delay all rooms by 50 ms.
    std::optional<ConcurrencyLimiter::Permit> permit;
    if (pages > 0) permit.emplace(co_await core_link_.long_lists().acquire(exchange.request().client.asker()));
    const auto rooms =
        co_await core_link_.ask_core([&](const chat::Core& core) { return core.list(after->value_or(0), size); });
    if (rooms.size() <= kDefaultPageSize) co_return exchange.respond_json(200, room_list_json(rooms));
    // A long list takes more than a millisecond. The pool serves clients round-robin, so that a client with a hundred
    // connections does not delay everything else of this I/O thread.
    auto json = co_await core_link_.run_on_worker(services_.files, exchange.request().client.asker(),
                                                  [&] { return room_list_json(rooms); });
    if (!json) co_return exchange.respond_error(json.error());
    exchange.respond_json(200, std::move(*json));
}

Handler Rooms::create(Exchange exchange) {
    auto draft = parse_room_draft(exchange.request().body);
    if (!draft) co_return exchange.respond_error(draft.error());
    draft->owner = draft->owner || services_.require_owner;
    auto checked = chat::check_draft(*draft);
    if (!checked) co_return exchange.respond_error(checked.error());
    if (exchange.exceeds(net::AddressLimit::rooms)) co_return;
    // Only rooms that are created count.
    const auto refuse = [&exchange](const Error& error) {
        exchange.request().client.give_back(net::AddressLimit::rooms);
        exchange.respond_error(error);
    };
    if (guesses_title(exchange)) co_return exchange.request().client.give_back(net::AddressLimit::rooms);
    if (checked->password) {
        // Before the hash, which takes long. The core checks it again when it creates the room.
        const auto may = co_await may_create(core_link_, checked->record);
        if (!may) co_return refuse(may.error());
        auto hash = co_await core_link_.run_on_worker(services_.hashing, exchange.request().client.asker(),
                                                      [&] { return chat::hash_password(*checked->password); });
        if (!hash) co_return refuse(hash.error());
        checked->record.password_hash = std::move(*hash);
    }

    const auto created = co_await core_link_.ask_core_later<Result<chat::RoomView>>(
        [&](chat::Core& core, auto reply) { core.admin().create(std::move(checked->record), std::move(reply)); });
    if (!created) co_return refuse(created.error());
    std::string owner_token;
    if (created->record.owned) owner_token = services_.tokens.issue_owner_token(created->record, checked->owner_name);
    net::HttpResponse response{.status = 201};
    append_room_json(response.body, *created, owner_token);
    if (!owner_token.empty()) response.headers.emplace_back(kNotStored);
    response.headers.emplace_back("Location", "/chats/" + std::to_string(created->record.id));
    exchange.respond(std::move(response));
}

Handler Rooms::get(Exchange exchange, chat::RoomKey key) {
    std::optional<std::uint64_t> verified;
    for (;;) {
        const auto room = co_await look_up(
            exchange, core_link_.ask_core([&](const chat::Core& core) { return core.view(key, verified); }));
        if (!room) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
        const chat::RoomRecord& record = room->record;
        const bool has_users = record.visibility == chat::Visibility::public_room || verified == record.token_epoch;
        if (has_users || !may_enter(record, bearer_token(exchange.request()), services_.tokens)) {
            std::string body;
            append_room_json(body, *room);
            co_return exchange.respond_json(200, std::move(body));
        }
        // The token is valid: asks again, for the users too.
        key = key_of(record.id);
        verified = record.token_epoch;
    }
}

Handler Rooms::update(Exchange exchange, chat::RoomKey key) {
    const net::HttpRequest& request = exchange.request();
    bool has_guessed_title = false;
    std::string new_hash;  // the same for all attempts
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
        const auto current = co_await find_room(core_link_, exchange, key);
        if (!current) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
        if (const auto may = may_change(*current, bearer_token(request), services_.tokens); !may)
            co_return exchange.respond_error(may.error());
        const auto patch = parse_room_patch(request.body);
        if (!patch) co_return exchange.respond_error(patch.error());
        auto checked = chat::check_patch(*current, *patch);
        if (!checked) co_return exchange.respond_error(checked.error());
        const bool is_renamed = fold_case(checked->record.title) != fold_case(current->title);
        if (is_renamed && !std::exchange(has_guessed_title, true) && guesses_title(exchange)) co_return;
        if (checked->new_password && new_hash.empty()) {
            auto hash = co_await core_link_.run_on_worker(services_.hashing, request.client.asker(),
                                                          [&] { return chat::hash_password(*checked->new_password); });
            if (!hash) co_return exchange.respond_error(hash.error());
            new_hash = std::move(*hash);
        }
        if (checked->new_password) checked->record.password_hash = new_hash;

        const auto changed = co_await core_link_.ask_core_later<Changed<chat::RoomView>>([&](chat::Core& core,
                                                                                             auto reply) {
            auto [changed_meanwhile, done] = callbacks<chat::RoomView>(std::move(reply));
            core.admin().update(*current, std::move(checked->record), std::move(changed_meanwhile), std::move(done));
        });
        if (!changed) {
            key = key_of(current->id);
            continue;
        }
        if (!*changed) co_return exchange.respond_error(changed->error());
        std::string body;
        append_room_json(body, **changed);
        co_return exchange.respond_json(200, std::move(body));
    }
    exchange.respond_error(Error{ErrorCode::unavailable});
}

Handler Rooms::remove(Exchange exchange, chat::RoomKey key) {
    for (;;) {
        const auto current = co_await find_room(core_link_, exchange, key);
        if (!current) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
        if (const auto may = may_change(*current, bearer_token(exchange.request()), services_.tokens); !may)
            co_return exchange.respond_error(may.error());

        const auto removed = co_await core_link_.ask_core_later<Changed<void>>([&](chat::Core& core, auto reply) {
            auto [changed_meanwhile, done] = callbacks<void>(std::move(reply));
            core.admin().remove(*current, std::move(changed_meanwhile), std::move(done));
        });
        if (!removed) {
            key = key_of(current->id);
            continue;
        }
        if (!*removed) co_return exchange.respond_error(removed->error());
        co_return exchange.respond_json(200, kStatusOk);
    }
}

}  // namespace globes::api
