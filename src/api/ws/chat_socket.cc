#include "api/ws/chat_socket.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "api/wire/errors.h"
#include "api/wire/event.h"
#include "api/wire/json.h"

namespace globes::api {
namespace {

// The limits of a connection, by their names in the log.
constexpr std::string_view kMessages = "messages";
constexpr std::string_view kPings = "pings";
constexpr std::string_view kOtherFrames = "other_frames";
constexpr std::string_view kBacklog = "backlog";

/// What an event counts, in bytes: at least as many as its strings have in the frame that all members receive. U+0001
/// is sent as \u0001.
std::size_t size_of(const chat::ClientEvent& event) {
    return sizeof event + json_string_size(event.name) + json_string_size(event.color) + json_string_size(event.text) +
           json_string_size(event.client_id);
}

}  // namespace

void ChatSocket::on_text(net::WsSession& session, std::string_view message) {
    const auto now = std::chrono::steady_clock::now();
    auto verdict = sender().messages.ask(context_.limits.messages, now);
    std::string_view limit = kMessages;
    if (verdict.action == chat::RateVerdict::Action::pass) {
        limit = net::address_limit_name(net::AddressLimit::events);
        if (const auto wait = client_.take(net::AddressLimit::events, now))
            verdict = sender().messages.refuse(now, *wait);
    }
    if (!allow(session, verdict, message, limit)) return;
    auto event = parse_client_event(message);
    if (!event) return context_.core_link.send_refusal(session, room_, event.error());
    if (!allow(session, *event, now)) return;
    chat::EventRefusal unconfirmed{{ErrorCode::unavailable}, event->name, event->client_id};
    const std::size_t bytes = size_of(*event);  // before the event is moved: arguments have no order
    const bool is_queued = context_.core_link.try_tell_core(
        bytes, [&core_link = context_.core_link, room = room_, connection = connection_, event = std::move(*event),
                unconfirmed](chat::Core& core) mutable {
            try {
                core.handle(room, core_link.number(), connection, std::move(event));
            } catch (...) {
                core_link.refuse(room, connection, std::move(unconfirmed));
                throw;
            }
        });
    if (!is_queued) context_.core_link.send_refusal(session, room_, unconfirmed);
}

bool ChatSocket::on_ping(net::WsSession& session) {
    return allow(session, sender().pings.ask(context_.limits.pings, std::chrono::steady_clock::now()), {}, kPings);
}

/// A fragment cannot be refused, because its message goes on.
void ChatSocket::on_other_frame(net::WsSession& session) {
    if (++sender().uncounted_frames < FloodLimits::kFramesPerUnit) return;
    sender().uncounted_frames = 0;
    const auto now = std::chrono::steady_clock::now();
    const auto verdict = sender().other_frames.ask(context_.limits.other_frames, now);
    std::string_view limit = kOtherFrames;
    if (verdict.action == chat::RateVerdict::Action::pass) {
        limit = net::address_limit_name(net::AddressLimit::frames);
        if (!client_.take(net::AddressLimit::frames, now, FloodLimits::kFramesPerUnit)) return;
    }
    context_.refusal_log.limit(client_, limit);
    session.close_flood();
}

void ChatSocket::on_slow_consumer() { context_.refusal_log.limit(client_, kBacklog); }

ChatSocket::Sender& ChatSocket::sender() {
    if (sender_ == nullptr) sender_ = std::make_unique<Sender>();
    return *sender_;
}

bool ChatSocket::allow(net::WsSession& session, chat::RateVerdict verdict, std::string_view message,
                       std::string_view limit) {
    if (verdict.action == chat::RateVerdict::Action::pass) return true;
    // Parsed for its name and id only, so that the sender knows which event was refused. Refusals are limited too.
    const auto event = parse_client_event(message);
    refuse(session, event ? chat::EventRefusal{{}, event->name, event->client_id} : event.error(), verdict, limit);
    return false;
}

/// The limits of the address for this kind of event.
bool ChatSocket::allow(net::WsSession& session, const chat::ClientEvent& event, chat::RateLimiter::TimePoint now) {
    auto limit = net::AddressLimit::joins;
    std::optional<net::ClientAddress::Wait> wait;
    // Every name that may be taken counts, by a join or by the first send, because its leave is announced.
    if (event.kind == chat::EventKind::join || (event.kind == chat::EventKind::send && !sender().may_have_name))
        wait = client_.take(limit, now);
    if (!wait) sender().may_have_name = event.kind != chat::EventKind::leave;
    if (!wait && event.kind == chat::EventKind::send) {
        limit = net::AddressLimit::stored_bytes;
        wait = client_.take(limit, now, size_of(event));
    }
    if (!wait) return true;
    refuse(session, {{}, event.name, event.client_id}, sender().messages.refuse(now, *wait),
           net::address_limit_name(limit));
    return false;
}

void ChatSocket::refuse(net::WsSession& session, chat::EventRefusal refusal, chat::RateVerdict verdict,
                        std::string_view limit) {
    context_.refusal_log.limit(client_, limit);
    refusal.error = limit_error(limit);
    refusal.retry_after_ms = verdict.retry_after_ms;
    context_.core_link.send_refusal(session, room_, refusal);
    if (verdict.action == chat::RateVerdict::Action::close) session.close_flood();
}

void ChatSocket::on_closed() {
    context_.core_link.tell_core(
        [room = room_, connection = connection_](chat::Core& core) { core.depart(room, connection); });
}

}  // namespace globes::api
