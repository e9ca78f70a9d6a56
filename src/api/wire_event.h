// Events in JSON, both ways (wire contract, section 3). Plain functions, any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/client_event.h"
#include "chat/event.h"
#include "chat/room_view.h"

namespace globes::api {

/// What is wrong with a client's event, and the event's own id where it had a valid one, so that the client can tell
/// which.
struct EventFault {
    Error error;
    std::string client_id;
};

/// Reads one text frame's payload. The fields are checked in the order event_type, name, msg, color, id; the first
/// fault counts. A text that is no colour is dropped, unknown fields are ignored.
///
/// Error: invalid_json with the field; without one where the frame is no JSON object at all (see `read_json_object`).
std::expected<chat::ClientEvent, EventFault> parse_client_event(std::string_view frame);

/// Appends the event as everyone in its room gets it. The same event gives the same bytes, live and from history.
void append_event_json(std::string& out, const chat::Event& event);

/// An `error` event, for the sender alone. `client_id` of the refused event, empty where it had none;
/// `retry_after_ms` beside the error where waiting helps.
std::string error_event_json(chat::RoomId room, const Error& error, std::string_view client_id,
                             std::optional<std::int64_t> retry_after_ms = std::nullopt);

/// For the sender of a stored send with an id, where it speaks globes.v1.
std::string ack_json(std::string_view client_id, std::uint64_t seq, bool is_duplicate);

/// The first frame of a connection that speaks globes.v1.
struct Welcome {
    chat::RoomId room = 0;
    std::uint64_t seq = 0;              ///< The newest one.
    std::optional<UnixMicros> at = {};  ///< Its time, as far as it is known.
    std::span<const chat::RoomUser> users = {};
    bool resumed = false;
    std::string_view session = {};
};
std::string welcome_json(const Welcome& welcome);

/// A page of history: the same event objects as live, byte for byte.
std::string history_json(chat::RoomId room, std::uint64_t first_seq, std::uint64_t last_seq,
                         std::span<const chat::Event> events);

}  // namespace globes::api
