#include "api/rest/history.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "api/access.h"
#include "api/request.h"
#include "api/wire/event.h"

namespace globes::api {
namespace {

constexpr std::uint64_t kDefaultPage = 50;
constexpr std::uint64_t kEventsPerRead = 100;  // a page costs as much as its events
constexpr std::uint64_t kMaxPage = 1000;
constexpr std::uint64_t kMaxSeq = (std::uint64_t{1} << 53) - 1;

constexpr int kConflict = 409;

using SeenCheck = chat::CatchUp::SeenCheck;

/// What a request asks for; the query is not yet restricted to the visible range.
struct Wanted {
    chat::EventQuery query;
    std::optional<chat::CatchUp::LastSeen> last_seen;
};

Result<Wanted> parse_query(const net::HttpRequest& request) {
    const auto limit = number_parameter(request, "limit", 1, kMaxPage);
    if (!limit) return std::unexpected(limit.error());
    const auto before = number_parameter(request, "before", 0, kMaxSeq);
    if (!before) return std::unexpected(before.error());
    const auto after = number_parameter(request, "after", 0, kMaxSeq);
    if (!after) return std::unexpected(after.error());
    const auto last_seen = last_seen_parameter(request, *after);
    if (!last_seen) return std::unexpected(last_seen.error());
    return Wanted{.query = {.after = after->value_or(0),
                            .before = before->value_or(kMaxSeq),
                            .limit = limit->value_or(kDefaultPage),
                            .keeps_newest = !*after,
                            .max_bytes = kMaxHistoryBytes},
                  .last_seen = *last_seen};
}

/// The room of a request and its visible range, at one moment.
struct Found {
    chat::RoomRecord record;
    chat::VisibleRange visible;
};

std::optional<Found> find(const chat::Core& core, const chat::RoomKey& key) {
    const chat::Room* room = core.find(key);
    if (room == nullptr) return std::nullopt;
    return Found{.record = room->record(), .visible = room->visible()};
}

/// Restricts a query to the events of the room that may be shown.
chat::EventQuery visible_part(chat::EventQuery query, const Found& room) {
    query.room = room.record.id;
    query.after = std::max(query.after, room.visible.first_seq - 1);
    // The store may have newer events, but the core does not know yet that they are committed.
    query.before = std::min(query.before, room.visible.last_seq + 1);
    query.expiry = room.visible.expiry;
    if (query.before == 0) query.limit = 0;  // in a query, 0 means no upper end
    return query;
}

/// The page as JSON; nullopt if it could not be read.
std::optional<std::string> to_json(const chat::EventPage& page, const Found& room, bool keeps_newest) {
    if (!page.ok) return std::nullopt;
    const auto [first_seq, last_seq, expiry] = room.visible;
    return history_json(room.record.id, std::clamp(page.first_seq, first_seq, last_seq + 1), last_seq, page.events,
                        keeps_newest);
}

}  // namespace

Handler History::page(Exchange exchange, chat::RoomKey key) {
    const auto room =
        co_await look_up(exchange, core_link_.ask_core([&](const chat::Core& core) { return find(core, key); }));
    if (!room) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
    const net::HttpRequest& request = exchange.request();
    if (const auto may = may_enter(room->record, bearer_token(request), services_.tokens); !may)
        co_return exchange.respond_error(may.error());
    const auto wanted = parse_query(request);
    if (!wanted) co_return exchange.respond_error(wanted.error());
    const std::uint64_t reads = (wanted->query.limit + kEventsPerRead - 1) / kEventsPerRead;
    if (exchange.exceeds(net::AddressLimit::history, reads)) co_return;
    const Asker asker = request.client.asker();
    if (wanted->last_seen) {
        const auto seen = co_await core_link_.ask_core_later<SeenCheck>([&](chat::Core& core, auto reply) {
            core.catch_up().check_last_seen(room->record.id, *wanted->last_seen, asker, std::move(reply));
        });
        if (seen == SeenCheck::unreadable) co_return exchange.respond_error(Error{ErrorCode::unavailable});
        if (seen == SeenCheck::differs)
            co_return exchange.respond(error_response(Error{ErrorCode::room_invalid_content, "at"}, kConflict));
    }

    core_link_.counts().add_history_read();
    auto json = co_await core_link_.ask_store<std::optional<std::string>>(
        [&](auto done) {
            chat::EventQuery query = visible_part(wanted->query, *room);
            query.asker = asker;
            services_.store.read_events(query, std::move(done));
        },
        [&](const chat::EventPage& page) { return to_json(page, *room, wanted->query.keeps_newest); });
    if (!json) co_return exchange.respond_error(Error{ErrorCode::unavailable});
    exchange.respond_json(200, std::move(*json));
}

}  // namespace globes::api
