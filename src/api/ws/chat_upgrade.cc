#include "api/ws/chat_upgrade.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "api/access.h"
#include "api/request.h"
#include "api/wire/errors.h"
#include "api/wire/event.h"
#include "base/random.h"
#include "net/ws_close.h"
#include "net/ws_handshake.h"
#include "roomlog/frame.h"

namespace globes::api {
namespace {

/// The protocol of clients that resume.
constexpr std::string_view kResumableProtocol = "globes.v1";
constexpr std::uint64_t kMostNewest = 1000;
constexpr std::size_t kSessionBytes = 16;  // of the secret in a welcome
constexpr std::uint64_t kLargestNumber = std::numeric_limits<std::uint64_t>::max();

bool offers_resuming(const net::HttpRequest& request) {
    const auto offers = net::offered_subprotocols(request);
    return std::ranges::find(offers, kResumableProtocol) != offers.end();
}

/// The first offered subprotocol that may be a token, empty without one.
std::string_view offered_token(const net::HttpRequest& request) {
    for (const std::string_view offer : net::offered_subprotocols(request))
        if (offer != kResumableProtocol) return offer;
    return {};
}

std::string_view token_of(const net::HttpRequest& request) {
    const std::string_view bearer = bearer_token(request);
    return bearer.empty() ? offered_token(request) : bearer;
}

/// A room as it was when it was found to be open to whoever comes.
struct Door {
    chat::RoomId room = 0;
    std::uint64_t token_epoch = 0;
};

Door door_of(const chat::RoomRecord& room) { return {.room = room.id, .token_epoch = room.token_epoch}; }

/// For those who bring no token.
Result<Door> open_door(const chat::Core& core, const chat::RoomKey& key) {
    const chat::Room* room = core.find(key);
    if (room == nullptr) return std::unexpected(Error{ErrorCode::room_not_found});
    if (room->record().visibility != chat::Visibility::public_room)
        return std::unexpected(Error{ErrorCode::invalid_token, "token"});
    return door_of(room->record());
}

net::HttpResponse handshake_refusal(const net::HandshakeRefusal& refusal) {
    net::HttpResponse response = error_response(Error{ErrorCode::session_not_established}, refusal.status);
    response.headers.insert(response.headers.end(), refusal.headers.begin(), refusal.headers.end());
    return response;
}

constexpr int kForbidden = 403;

using SeenCheck = chat::CatchUp::SeenCheck;

void catch_up(CoreLink& core_link, const chat::CatchUp::Reader& reader, chat::ConnectionId connection);

void take_step(CoreLink& core_link, chat::CatchUp::Reader reader, chat::ConnectionId connection,
               const chat::CatchUp::Step& step) {
    net::WsHub& hub = core_link.io().hub();
    net::WsSession* session = hub.find(connection);
    if (session == nullptr) return;
    if (!step.is_ok) return session->close(net::kCloseTryAgainLater, net::close_code_name(net::kCloseTryAgainLater));
    for (const roomlog::Slice& frames : step.frames) session->send_frames(frames);
    if (step.live) return hub.subscribe(*session, reader.room, *step.live);
    reader.after = step.after;
    session->when_sent([&core_link, reader, connection] { catch_up(core_link, reader, connection); });
}

/// Sends what the reader has missed, page by page, the next one when the last is sent, and then subscribes its
/// connection to the room log. Closes it with 1013 (try again later) if the store cannot be read.
void catch_up(CoreLink& core_link, const chat::CatchUp::Reader& reader, chat::ConnectionId connection) {
    core_link.replays().acquire([&core_link, reader, connection](ConcurrencyLimiter::Permit permit) {
        auto reply =
            core_link.reply([&core_link, reader, connection, permit = std::move(permit)](
                                const chat::CatchUp::Step& step) { take_step(core_link, reader, connection, step); });
        core_link.tell_core([reader, reply = std::move(reply)](chat::Core& core) mutable {
            core.catch_up().read(reader, std::move(reply));
        });
    });
}

}  // namespace

void ChatUpgrade::upgrade(const Exchange& exchange, const chat::RoomKey& key) {
    const net::HttpRequest& request = exchange.request();
    if (const auto checked = net::check_handshake(request); !checked)
        return exchange.respond(handshake_refusal(checked.error()));
    if (!is_origin_allowed(request, services_.allowed_origins))
        return exchange.respond(error_response(Error{ErrorCode::unauthorized}, kForbidden));
    const auto place = parse_place(request);
    if (!place) return exchange.respond_error(place.error());
    // Without a token there is nothing to check here, so the core is asked once.
    if (token_of(request).empty())
        return enter(exchange, *place, {}, [key](const chat::Core& core) { return open_door(core, key); });
    with_room(core_link_, exchange, key, [this, exchange, place = *place](const chat::RoomRecord& room) {
        const auto claims = may_enter(room, token_of(exchange.request()), services_.tokens);
        if (!claims) return exchange.respond_error(claims.error());
        enter(exchange, place, *claims, [door = door_of(room)](const chat::Core&) { return Result<Door>(door); });
    });
}

Result<ChatUpgrade::Place> ChatUpgrade::parse_place(const net::HttpRequest& request) {
    if (!offers_resuming(request)) return Place{};
    const auto after = number_parameter(request, "after", 0, kLargestNumber);
    if (!after) return std::unexpected(after.error());
    const auto newest = number_parameter(request, "last", 0, kMostNewest);
    if (!newest) return std::unexpected(newest.error());
    if (*after && *newest) return std::unexpected(Error{ErrorCode::room_invalid_content, "last"});
    const auto last_seen = last_seen_parameter(request, *after);
    if (!last_seen) return std::unexpected(last_seen.error());
    return Place{.after = *after, .newest = *newest, .last_seen = *last_seen};
}

/// `find_door(core)`: the room to enter, or why not.
template <class FindDoor>
void ChatUpgrade::enter(const Exchange& exchange, const Place& place, const std::optional<chat::TokenClaims>& claims,
                        FindDoor find_door) {
    const net::HttpRequest& request = exchange.request();
    chat::Entry entry{.connection = core_link_.io().hub().next_id(), .io_thread = core_link_.number()};
    entry.resumes = offers_resuming(request);
    if (claims) {
        entry.token_name = claims->username;
        entry.owner = claims->owner;
        entry.token = token_of(request);
    }
    if (entry.resumes) {
        entry.session = random_hex(kSessionBytes);
        entry.earlier_session = text_parameter(request, "session").value_or("");
    }
    // A token is answered as it came, or browsers would drop the connection.
    Opening opening{.connection = entry.connection,
                    .session = entry.session,
                    .subprotocol = std::string(entry.resumes ? kResumableProtocol : offered_token(request)),
                    .place = place};
    auto reply = core_link_.reply([this, exchange, opening = std::move(opening)](const Result<Arrival>& arrival) {
        if (!arrival) return exchange.respond_error(arrival.error());
        open(exchange, *arrival, opening);
    });
    core_link_.tell_core([find_door = std::move(find_door), place, entry = std::move(entry),
                          reply = std::move(reply)](chat::Core& core) mutable {
        const Result<Door> door = find_door(core);
        if (!door) return reply(Result<Arrival>(std::unexpected(door.error())));
        auto enter = [&core, door = *door, entry = std::move(entry), reply = std::move(reply)](SeenCheck seen) mutable {
            if (seen == SeenCheck::unreadable)
                return reply(Result<Arrival>(std::unexpected(Error{ErrorCode::unavailable})));
            auto entered = core.enter(door.room, door.token_epoch, std::move(entry));
            if (!entered) return reply(Result<Arrival>(std::unexpected(entered.error())));
            reply(Result<Arrival>(Arrival{.entered = std::move(*entered), .seen = seen}));
        };
        if (!place.after) return enter(SeenCheck::matches);
        auto look = [&core, room = door->room, enter = std::move(enter)](SeenCheck seen) mutable {
            core.purger().refresh(room, [seen, enter = std::move(enter)]() mutable { enter(seen); });
        };
        if (!place.last_seen) return look(SeenCheck::matches);
        core.catch_up().check_last_seen(door->room, *place.last_seen, std::move(look));
    });
}

void ChatUpgrade::open(const Exchange& exchange, const Arrival& arrival, const Opening& opening) {
    try {
        open_socket(exchange, arrival, opening);
    } catch (...) {
        // The core counts the connection already, so it must be told of its end. A second call has no effect.
        ChatSocket(side_, arrival.entered.room, opening.connection).on_closed();
        if (net::WsSession* session = core_link_.io().hub().find(opening.connection))
            session->close(net::kCloseInternalError, net::close_code_name(net::kCloseInternalError));
        throw;
    }
}

// Runs in the mailbox's order: frames that are published after `entered.from` come behind this.
void ChatUpgrade::open_socket(const Exchange& exchange, const Arrival& arrival, const Opening& opening) {
    const chat::Core::Entered& entered = arrival.entered;
    auto socket = std::make_unique<ChatSocket>(side_, entered.room, opening.connection);

    std::string first_bytes = net::switching_protocols(exchange.request(), opening.subprotocol);
    std::optional<std::uint64_t> after;
    if (!opening.session.empty()) {
        after = start_of(opening.place, arrival);
        roomlog::append_frame(first_bytes, roomlog::Opcode::text,
                              welcome_json({.room = entered.room,
                                            .seq = entered.last_seq,
                                            .at = entered.newest_time,
                                            .users = entered.users,
                                            .online = entered.online,
                                            .resumed = opening.place.after && after,
                                            .session = opening.session}));
    }
    // After everything that may throw, because only before it the exchange can answer 500.
    auto upgraded = exchange.take_over();
    if (!upgraded) return socket->on_closed();
    net::WsHub& hub = core_link_.io().hub();
    net::WsSession* session =
        hub.adopt(opening.connection, upgraded->fd, first_bytes, upgraded->unread, std::move(socket));
    if (session == nullptr) return;
    if (after && *after < entered.last_seq) {
        catch_up(core_link_, {.room = entered.room, .after = *after, .until = entered.last_seq, .from = entered.from},
                 opening.connection);
    } else {
        hub.subscribe(*session, entered.room, entered.from);
    }
}

/// Where reading begins; none for live only.
std::optional<std::uint64_t> ChatUpgrade::start_of(const Place& place, const Arrival& arrival) {
    const chat::Core::Entered& entered = arrival.entered;
    if (place.newest) return entered.last_seq - std::min(*place.newest, entered.last_seq);
    if (!place.after || arrival.seen != SeenCheck::matches) return std::nullopt;
    const bool reaches_back = *place.after + 1 >= entered.first_seq && *place.after <= entered.last_seq;
    return reaches_back ? place.after : std::nullopt;
}

}  // namespace globes::api
