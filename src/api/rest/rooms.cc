#include "api/rest/rooms.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "api/access.h"
#include "api/request.h"
#include "api/wire/errors.h"
#include "api/wire/room.h"
#include "chat/passwords.h"

namespace globes::api {
namespace {

constexpr std::uint64_t kDefaultListed = 100;
constexpr std::uint64_t kMostListed = 1000;

}  // namespace

void Rooms::list(const Exchange& exchange) {
    const auto limit = number_parameter(exchange.request(), "limit", 1, kMostListed);
    if (!limit) return exchange.respond_error(limit.error());
    const auto after = number_parameter(exchange.request(), "after", 0, chat::kEndOfRoomIds - 1);
    if (!after) return exchange.respond_error(after.error());
    core_link_.ask_core(
        [after = after->value_or(0), limit = limit->value_or(kDefaultListed)](const chat::Core& core) {
            return core.list(after, limit);
        },
        [exchange](const std::vector<chat::RoomView>& rooms) { exchange.respond_json(200, room_list_json(rooms)); });
}

void Rooms::create(const Exchange& exchange) {
    auto draft = parse_room_draft(exchange.request().body);
    if (!draft) return exchange.respond_error(draft.error());
    draft->owner = draft->owner || services_.require_owner;
    auto checked = chat::check_draft(*draft);
    if (!checked) return exchange.respond_error(checked.error());
    if (!checked->password) return store_new(exchange, std::move(*checked));
    std::string password = *std::exchange(checked->password, std::nullopt);
    hash(exchange, std::move(password), [this, exchange, room = std::move(*checked)](std::string hashed) mutable {
        room.record.password_hash = std::move(hashed);
        store_new(exchange, std::move(room));
    });
}

void Rooms::store_new(const Exchange& exchange, chat::CheckedRoom room) {
    auto reply =
        core_link_.reply([this, exchange, owner_name = room.owner_name](const Result<chat::RoomView>& created) {
            if (!created) return exchange.respond_error(created.error());
            std::string owner_token;
            if (created->record.owned) owner_token = services_.tokens.issue_owner_token(created->record, owner_name);
            net::HttpResponse response{.status = 201};
            append_room_json(response.body, *created, true, owner_token);
            response.headers.emplace_back("Location", "/chats/" + std::to_string(created->record.id));
            exchange.respond(std::move(response));
        });
    core_link_.tell_core([record = std::move(room.record), reply = std::move(reply)](chat::Core& core) mutable {
        core.admin().create(std::move(record), std::move(reply));
    });
}

void Rooms::get(const Exchange& exchange, const chat::RoomKey& key) {
    core_link_.ask_core(
        [key](const chat::Core& core) {
            const chat::Room* room = core.find(key);
            return room == nullptr ? std::nullopt : std::optional(room->view());
        },
        [this, exchange](const std::optional<chat::RoomView>& room) {
            if (!room) return exchange.respond_error(Error{ErrorCode::room_not_found});
            const bool may_see =
                may_enter(room->record, bearer_token(exchange.request()), services_.tokens).has_value();
            std::string body;
            append_room_json(body, *room, may_see);
            exchange.respond_json(200, std::move(body));
        });
}

void Rooms::update(const Exchange& exchange, const chat::RoomKey& key) {
    with_room(core_link_, exchange, key, [this, exchange](const chat::RoomRecord& current) {
        const net::HttpRequest& request = exchange.request();
        if (const auto may = may_change(current, bearer_token(request), services_.tokens); !may)
            return exchange.respond_error(may.error());
        const auto patch = parse_room_patch(request.body);
        if (!patch) return exchange.respond_error(patch.error());
        auto checked = chat::check_patch(current, *patch);
        if (!checked) return exchange.respond_error(checked.error());
        if (!checked->new_password) return store_change(exchange, current, std::move(checked->record));
        hash(exchange, *checked->new_password,
             [this, exchange, current, next = std::move(checked->record)](std::string hashed) mutable {
                 next.password_hash = std::move(hashed);
                 store_change(exchange, current, std::move(next));
             });
    });
}

void Rooms::store_change(const Exchange& exchange, const chat::RoomRecord& base, chat::RoomRecord next) {
    auto reply = core_link_.reply([exchange](const Result<chat::RoomView>& changed) {
        if (!changed) return exchange.respond_error(changed.error());
        std::string body;
        append_room_json(body, *changed, true);
        exchange.respond_json(200, std::move(body));
    });
    // Somebody else changed the room meanwhile: whether this may be done is decided anew.
    auto again = core_link_.reply([this, exchange, id = base.id] { update(exchange, {.id = id, .folded_title = {}}); });
    core_link_.tell_core(
        [base, next = std::move(next), again = std::move(again), reply = std::move(reply)](chat::Core& core) mutable {
            core.admin().update(base, std::move(next), std::move(again), std::move(reply));
        });
}

void Rooms::remove(const Exchange& exchange, const chat::RoomKey& key) {
    with_room(core_link_, exchange, key, [this, exchange](const chat::RoomRecord& current) {
        if (const auto may = may_change(current, bearer_token(exchange.request()), services_.tokens); !may)
            return exchange.respond_error(may.error());
        auto reply = core_link_.reply([exchange](const Result<void>& removed) {
            if (!removed) return exchange.respond_error(removed.error());
            exchange.respond_json(200, R"({"status":true})");
        });
        auto again =
            core_link_.reply([this, exchange, id = current.id] { remove(exchange, {.id = id, .folded_title = {}}); });
        core_link_.tell_core([current, again = std::move(again), reply = std::move(reply)](chat::Core& core) mutable {
            core.admin().remove(current, std::move(again), std::move(reply));
        });
    });
}

template <class Then>
void Rooms::hash(const Exchange& exchange, std::string password, Then then) {
    const bool posted = core_link_.try_work(
        services_.hashing, [password = std::move(password)] { return chat::hash_password(password); }, std::move(then));
    if (!posted) exchange.respond_error(Error{ErrorCode::unavailable});
}

}  // namespace globes::api
