#include "api/ws/chat_upgrade.h"

#include <algorithm>
#include <coroutine>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/access.h"
#include "api/request.h"
#include "api/wire/errors.h"
#include "api/wire/event.h"
#include "api/ws/subprotocols.h"
#include "net/ws_close.h"
#include "net/ws_handshake.h"
#include "roomlog/slice.h"

namespace globes::api {
namespace {

using SeenCheck = chat::CatchUp::SeenCheck;

constexpr std::uint64_t kMaxNewest = 1000;
constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::uint64_t>::max();

/// The tokens of a request, in the order in which they are tried. One in `Authorization` makes the offered ones
/// irrelevant.
std::vector<std::string_view> presented_tokens(const net::HttpRequest& request, const SubprotocolOffers& offers) {
    const std::string_view bearer = bearer_token(request);
    return bearer.empty() ? offers.tokens : std::vector{bearer};
}

/// How a client may enter a room.
struct Admission {
    std::optional<chat::TokenClaims> claims;  ///< Of `token`.
    std::string_view token;                   ///< The first valid one; empty if the room is public and none is valid.
};

/// Error: invalid_token (field token).
Result<Admission> admit(const chat::RoomRecord& room, const std::vector<std::string_view>& tokens,
                        const chat::Tokens& verifier) {
    for (const std::string_view token : tokens)
        if (auto claims = may_enter(room, token, verifier); claims && *claims)
            return Admission{.claims = std::move(*claims), .token = token};
    if (const auto may = may_enter(room, {}, verifier); !may) return std::unexpected(may.error());
    return Admission{};
}

net::HttpResponse handshake_refusal(const net::HandshakeRefusal& refusal) {
    net::HttpResponse response = error_response(Error{ErrorCode::session_not_established}, refusal.status);
    response.headers.insert(response.headers.end(), refusal.headers.begin(), refusal.headers.end());
    return response;
}

/// Where a client that resumes starts to read. With neither `after` nor `newest`: with the events to come.
struct ResumePoint {
    std::optional<std::uint64_t> after;
    std::optional<std::uint64_t> newest;               ///< A number of events.
    std::optional<chat::CatchUp::LastSeen> last_seen;  ///< The event with the seq `after`.
};

Result<ResumePoint> parse_resume_point(const net::HttpRequest& request, const SubprotocolOffers& offers) {
    if (!offers.has_globes_v1) return ResumePoint{};
    const auto after = number_parameter(request, "after", 0, kMaxNumber);
    if (!after) return std::unexpected(after.error());
    const auto newest = number_parameter(request, "last", 0, kMaxNewest);
    if (!newest) return std::unexpected(newest.error());
    if (*after && *newest) return std::unexpected(Error{ErrorCode::room_invalid_content, "last"});
    const auto last_seen = last_seen_parameter(request, *after);
    if (!last_seen) return std::unexpected(last_seen.error());
    return ResumePoint{.after = *after, .newest = *newest, .last_seen = *last_seen};
}

/// The connection as the core will know it. A session that the server has not issued counts as absent.
chat::Entry make_entry(CoreLink& core_link, const net::HttpRequest& request, const SubprotocolOffers& offers,
                       const Admission& admission, const chat::Tokens& issuer) {
    chat::Entry entry{.connection = core_link.io().hub().next_id(), .io_thread = core_link.number()};
    entry.resumes = offers.has_globes_v1;
    if (admission.claims) {
        entry.token_name = admission.claims->username;
        entry.owner = admission.claims->owner;
        entry.token = admission.token;
    }
    if (entry.resumes) {
        entry.session = issuer.issue_session();
        std::string earlier =
            offers.session.empty() ? text_parameter(request, "session").value_or("") : std::string(offers.session);
        if (issuer.is_session(earlier)) entry.earlier_session = std::move(earlier);
    }
    return entry;
}

/// What the core tells a connection that has entered a room.
struct EnteredAndChecked : chat::Core::Entered {
    SeenCheck seen;
};

/// Errors: room_not_found, invalid_token (the room is not public).
Result<const chat::RoomRecord*> find_public_room(const chat::Core& core, const chat::RoomKey& key) {
    const chat::Room* room = core.find(key);
    if (room == nullptr) return std::unexpected(Error{ErrorCode::room_not_found});
    if (room->record().visibility != chat::Visibility::public_room)
        return std::unexpected(Error{ErrorCode::invalid_token, "token"});
    return &room->record();
}

/// Enters `room`, and before that compares the last event that the client has seen, and has the visible range made
/// exact, as far as its resume point needs that. Core thread. `resume_point` and `entry` live until the reply.
void enter(chat::Core& core, const chat::RoomRecord& room, const ResumePoint& resume_point, const chat::Entry& entry,
           Asker asker, CoreReply<Result<EnteredAndChecked>> reply) {
    auto enter_now = [&core, id = room.id, verified = room.token_epochs(), &entry,
                      reply = std::move(reply)](SeenCheck seen) mutable {
        if (seen == SeenCheck::unreadable) return reply(std::unexpected(Error{ErrorCode::unavailable}));
        auto entered = core.enter(id, verified, entry);
        if (!entered) return reply(std::unexpected(entered.error()));
        reply(EnteredAndChecked{std::move(*entered), seen});
    };
    if (!resume_point.after) return enter_now(SeenCheck::matches);
    auto refresh = [&core, id = room.id, enter_now = std::move(enter_now)](SeenCheck seen) mutable {
        core.purger().refresh(id, [seen, enter_now = std::move(enter_now)]() mutable { enter_now(seen); });
    };
    if (!resume_point.last_seen) return refresh(SeenCheck::matches);
    core.catch_up().check_last_seen(room.id, *resume_point.last_seen, asker, std::move(refresh));
}

/// The seq after which the client reads; nullopt if it reads only the events to come.
std::optional<std::uint64_t> start_of(const ResumePoint& resume_point, const EnteredAndChecked& entered) {
    if (resume_point.newest) return entered.last_seq - std::min(*resume_point.newest, entered.last_seq);
    if (!resume_point.after || entered.seen != SeenCheck::matches) return std::nullopt;
    const bool reaches_back = *resume_point.after + 1 >= entered.first_seq && *resume_point.after <= entered.last_seq;
    return reaches_back ? resume_point.after : std::nullopt;
}

void close_failed(net::WsSession& session) {
    session.close(net::kCloseInternalError, net::close_code_name(net::kCloseInternalError));
}

/// Closes the connection with 1011 (internal error) if the handler fails or is destroyed before `release`: a session
/// that no handler catches up would stay open without a message. Thread: the I/O thread.
class CloseOnFailure {
public:
    CloseOnFailure(net::IoThread& io, chat::ConnectionId connection) : io_(&io), connection_(connection) {}
    CloseOnFailure(const CloseOnFailure&) = delete;
    CloseOnFailure& operator=(const CloseOnFailure&) = delete;
    ~CloseOnFailure() {
        if (io_ == nullptr) return;
        // Later, because the thread may be ending.
        io_->post([&io = *io_, connection = connection_] {
            if (net::WsSession* session = io.hub().find(connection)) close_failed(*session);
        });
    }
    void release() { io_ = nullptr; }

private:
    net::IoThread* io_;
    chat::ConnectionId connection_;
};

/// `co_await all_sent(session)`: resumes when the direct queue is empty, possibly at once. If the session closes
/// before, the handler is destroyed.
auto all_sent(net::WsSession& session) {
    struct Awaiter {
        net::WsSession& session;

        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handler) noexcept {
            auto resume = [suspended = SuspendedHandler(handler)]() mutable { suspended.resume(); };
            net::WsSession& waited_for = session;  // The handler may be destroyed here, and this object with it.
            if (!run_task(TaskThread::io, [&] { waited_for.when_sent(std::move(resume)); })) close_failed(waited_for);
        }
        void await_resume() const noexcept {}
    };
    return Awaiter{session};
}

/// Sends the missed events, page by page, the next one when the last is sent. Then it subscribes the
/// connection to the room log. Closes it with 1013 (try again later) if the store cannot be read.
Handler catch_up(CoreLink& core_link, chat::CatchUp::Reader reader, chat::ConnectionId connection) {
    for (;;) {
        net::WsSession* session = nullptr;
        {
            CloseOnFailure close_on_failure(core_link.io(), connection);
            const auto permit = co_await core_link.replays().acquire(reader.asker);
            auto step = co_await core_link.ask_core_later<chat::CatchUp::Step>(
                [&](chat::Core& core, auto reply) { core.catch_up().read(reader, std::move(reply)); });
            net::WsHub& hub = core_link.io().hub();
            session = hub.find(connection);
            if (session == nullptr) co_return close_on_failure.release();
            if (!step.is_ok) {
                session->close(net::kCloseTryAgainLater, net::close_code_name(net::kCloseTryAgainLater));
                co_return close_on_failure.release();
            }
            for (roomlog::Slice& frames : step.frames) session->send_frames(std::move(frames));
            if (step.live) {
                hub.subscribe(*session, reader.room, *step.live);
                co_return close_on_failure.release();
            }
            reader.after = step.after;
            close_on_failure.release();
        }
        co_await all_sent(*session);
    }
}

}  // namespace

/// The upgrade of a connection that has entered its room.
struct ChatUpgrade::Upgrade {
    const chat::Entry& entry;
    std::string_view subprotocol;
    const ResumePoint& resume_point;
    const EnteredAndChecked& entered;
};

Handler ChatUpgrade::upgrade(Exchange exchange, chat::RoomKey key) {
    const net::HttpRequest& request = exchange.request();
    if (const auto checked = net::check_handshake(request); !checked)
        co_return exchange.respond(handshake_refusal(checked.error()));
    if (!is_origin_allowed(request, services_.allowed_origins)) co_return exchange.refuse_origin();
    const auto offers = parse_subprotocols(request);
    if (!offers) co_return exchange.respond_error(offers.error());
    const auto resume_point = parse_resume_point(request, *offers);
    if (!resume_point) co_return exchange.respond_error(resume_point.error());
    if (exchange.exceeds(net::AddressLimit::upgrades)) co_return;
    const bool replays = resume_point->after || resume_point->newest;
    if (replays && exchange.exceeds(net::AddressLimit::history)) co_return;

    // The record that the token was checked against. Without a token, one question to the core is enough.
    std::optional<chat::RoomRecord> room;
    Admission admission;
    const std::vector<std::string_view> tokens = presented_tokens(request, *offers);
    if (!tokens.empty()) {
        room = co_await find_room(core_link_, exchange, key);
        if (!room) co_return exchange.respond_error(Error{ErrorCode::room_not_found});
        auto admitted = admit(*room, tokens, services_.tokens);
        if (!admitted) co_return exchange.respond_error(admitted.error());
        admission = std::move(*admitted);
    }

    const chat::Entry entry = make_entry(core_link_, request, *offers, admission, services_.tokens);
    const Asker asker = request.client.asker();
    const auto entered =
        co_await core_link_.ask_core_later<Result<EnteredAndChecked>>([&](chat::Core& core, auto reply) {
            if (room) return enter(core, *room, *resume_point, entry, asker, std::move(reply));
            const auto found = find_public_room(core, key);
            if (!found) return reply(std::unexpected(found.error()));
            enter(core, **found, *resume_point, entry, asker, std::move(reply));
        });
    const bool exists = entered || entered.error().code != ErrorCode::room_not_found;
    exists ? exchange.give_back_guess() : exchange.keep_guess();
    if (!entered) co_return exchange.respond_error(entered.error());
    open(exchange, {.entry = entry,
                    .subprotocol = select_subprotocol(*offers, admission.token),
                    .resume_point = *resume_point,
                    .entered = *entered});
}

void ChatUpgrade::open(const Exchange& exchange, const Upgrade& upgrade) {
    const chat::ConnectionId connection = upgrade.entry.connection;
    try {
        open_socket(exchange, upgrade);
    } catch (...) {
        // The core counts the connection already, so it must be told of its end. A second call has no effect.
        ChatSocket(context_, upgrade.entered.room, connection, {}).on_closed();
        if (net::WsSession* session = core_link_.io().hub().find(connection)) close_failed(*session);
        throw;
    }
}

// Runs in the mailbox's order, so that frames published after `entered.from` arrive later.
void ChatUpgrade::open_socket(const Exchange& exchange, const Upgrade& upgrade) {
    const EnteredAndChecked& entered = upgrade.entered;
    const chat::ConnectionId connection = upgrade.entry.connection;
    auto socket = std::make_unique<ChatSocket>(context_, entered.room, connection, exchange.request().client);

    std::string first_bytes = net::switching_protocols(exchange.request(), upgrade.subprotocol);
    std::optional<std::uint64_t> after;
    if (upgrade.entry.resumes) {
        after = start_of(upgrade.resume_point, entered);
        roomlog::append_frame(first_bytes, roomlog::Opcode::text,
                              welcome_json({.room = entered.room,
                                            .seq = entered.last_seq,
                                            .at = entered.newest_time,
                                            .users = entered.users,
                                            .online = entered.online,
                                            .resumed = upgrade.resume_point.after && after,
                                            .session = upgrade.entry.session}));
    }
    // After everything that may throw, because only before it the exchange can answer 500.
    auto upgraded = exchange.take_over();
    if (!upgraded) return socket->on_closed();
    socket->hold(std::move(upgraded->connection));
    net::WsHub& hub = core_link_.io().hub();
    net::WsSession* session = hub.adopt(connection, std::move(upgraded->socket), first_bytes, upgraded->unread,
                                        std::move(socket), exchange.request().client.asker());
    if (session == nullptr) return;
    if (after && *after < entered.last_seq) {
        catch_up(core_link_,
                 {.room = entered.room,
                  .after = *after,
                  .until = entered.last_seq,
                  .from = entered.from,
                  .asker = exchange.request().client.asker()},
                 connection);
    } else {
        hub.subscribe(*session, entered.room, entered.from);
    }
}

}  // namespace globes::api
