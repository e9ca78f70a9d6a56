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
constexpr std::uint64_t kLargestPage = 1000;
constexpr std::uint64_t kLargestSeq = (std::uint64_t{1} << 53) - 1;

constexpr int kConflict = 409;

/// What a request asks for, apart from what may be read.
struct Wanted {
    chat::EventQuery query;
    std::optional<chat::CatchUp::LastSeen> last_seen;
};

Result<Wanted> parse_query(const net::HttpRequest& request) {
    const auto limit = number_parameter(request, "limit", 1, kLargestPage);
    if (!limit) return std::unexpected(limit.error());
    const auto before = number_parameter(request, "before", 0, kLargestSeq);
    if (!before) return std::unexpected(before.error());
    const auto after = number_parameter(request, "after", 0, kLargestSeq);
    if (!after) return std::unexpected(after.error());
    const auto last_seen = last_seen_parameter(request, *after);
    if (!last_seen) return std::unexpected(last_seen.error());
    return Wanted{.query = {.after = after->value_or(0),
                            .before = before->value_or(kLargestSeq),
                            .limit = limit->value_or(kDefaultPage),
                            .newest_first_cut = !*after},
                  .last_seen = *last_seen};
}

}  // namespace

void History::page(const Exchange& exchange, const chat::RoomKey& key) {
    core_link_.ask_core(
        [key](const chat::Core& core) -> std::optional<Found> {
            const chat::Room* room = core.find(key);
            if (room == nullptr) return std::nullopt;
            return Found{.record = room->record(), .readable = room->visible()};
        },
        [this, exchange](const std::optional<Found>& room) {
            if (!room) return exchange.respond_error(Error{ErrorCode::room_not_found});
            read(exchange, *room);
        });
}

void History::read(const Exchange& exchange, const Found& room) {
    const net::HttpRequest& request = exchange.request();
    if (const auto may = may_enter(room.record, bearer_token(request), services_.tokens); !may)
        return exchange.respond_error(may.error());
    auto wanted = parse_query(request);
    if (!wanted) return exchange.respond_error(wanted.error());
    chat::EventQuery& query = wanted->query;
    const chat::VisibleRange readable = room.readable;
    query.room = room.record.id;
    query.after = std::max(query.after, readable.first_seq - 1);
    // What the core has not heard of as committed may still turn out not to be.
    query.before = std::min(query.before, readable.last_seq + 1);
    query.expiry = readable.expiry;
    if (query.before == 0) query.limit = 0;  // 0 means no upper end there, and nothing here
    if (!wanted->last_seen) return read_page(exchange, query, readable);
    auto checked = core_link_.reply([this, exchange, query, readable](chat::CatchUp::SeenCheck seen) {
        switch (seen) {
            case chat::CatchUp::SeenCheck::matches:
                return read_page(exchange, query, readable);
            case chat::CatchUp::SeenCheck::differs:
                return exchange.respond(error_response(Error{ErrorCode::room_invalid_content, "at"}, kConflict));
            case chat::CatchUp::SeenCheck::unreadable:
                return exchange.respond_error(Error{ErrorCode::unavailable});
        }
    });
    core_link_.tell_core(
        [id = query.room, seen = *wanted->last_seen, checked = std::move(checked)](chat::Core& core) mutable {
            core.catch_up().check_last_seen(id, seen, std::move(checked));
        });
}

void History::read_page(const Exchange& exchange, const chat::EventQuery& query, const chat::VisibleRange& readable) {
    core_link_.counts().add_history_read();
    const auto to_json = [id = query.room, readable](const chat::EventPage& page) -> std::optional<std::string> {
        if (!page.ok) return std::nullopt;
        const std::uint64_t first_seq = std::clamp(page.first_seq, readable.first_seq, readable.last_seq + 1);
        return history_json(id, first_seq, readable.last_seq, page.events);
    };
    services_.store.read_events(query, core_link_.store_reply(to_json, [exchange](std::optional<std::string> json) {
        if (!json) return exchange.respond_error(Error{ErrorCode::unavailable});
        exchange.respond_json(200, std::move(*json));
    }));
}

}  // namespace globes::api
